/* certs: certificates made while the test runs, by libcrypto, in a folder of their own. P-256 keys throughout. */
#pragma once

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "protocol/base/check.h"

#define CERTS_PATH_MAX 128
#define CERTS_USED __attribute__((unused))

struct certs {
    char folder[64];
    EVP_PKEY *ca_key;
    X509 *ca;
    long serial;
};

CERTS_USED static const char *certs_path(const struct certs *certs, const char *name, char *path)
{
    snprintf(path, CERTS_PATH_MAX, "%s/%s", certs->folder, name);
    return path;
}

/* A certificate for `key`, signed by `by` (itself when NULL). `names` as in "DNS:buyer.test,IP:127.0.0.1". */
CERTS_USED static X509 *certs_make(struct certs *certs, EVP_PKEY *key, const char *names, long from_s, long until_s,
                                   X509 *by, EVP_PKEY *by_key)
{
    X509 *made = X509_new();
    X509V3_CTX context;
    check(made != NULL);
    X509_set_version(made, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(made), ++certs->serial);
    X509_gmtime_adj(X509_getm_notBefore(made), from_s);
    X509_gmtime_adj(X509_getm_notAfter(made), until_s);
    X509_set_pubkey(made, key);
    X509_NAME *subject = X509_get_subject_name(made);
    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, (const unsigned char *)(names ? "leaf" : "test authority"),
                               -1, -1, 0);
    X509_set_issuer_name(made, by ? X509_get_subject_name(by) : subject);
    X509V3_set_ctx(&context, by ? by : made, made, NULL, NULL, 0);
    X509_EXTENSION *one = names ? X509V3_EXT_conf_nid(NULL, &context, NID_subject_alt_name, names)
                                : X509V3_EXT_conf_nid(NULL, &context, NID_basic_constraints, "critical,CA:TRUE");
    check(one && X509_add_ext(made, one, -1));
    X509_EXTENSION_free(one);
    check(X509_sign(made, by_key, EVP_sha256()) > 0);
    return made;
}

CERTS_USED static void certs_write_cert(const struct certs *certs, const char *name, X509 *cert)
{
    char path[CERTS_PATH_MAX];
    FILE *file = fopen(certs_path(certs, name, path), "w");
    check(file && PEM_write_X509(file, cert));
    fclose(file);
}

CERTS_USED static void certs_write_key(const struct certs *certs, const char *name, EVP_PKEY *key, const char *password)
{
    char path[CERTS_PATH_MAX];
    FILE *file = fopen(certs_path(certs, name, path), "w");
    int len = password ? (int)strlen(password) : 0;
    check(file && PEM_write_PrivateKey(file, key, password ? EVP_aes_128_cbc() : NULL, (const unsigned char *)password,
                                       len, NULL, NULL));
    fclose(file);
}

/* NAME.crt and NAME.key, signed by the authority. */
CERTS_USED static void certs_leaf(struct certs *certs, const char *name, const char *names, long from_s, long until_s)
{
    char file[64];
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *cert = certs_make(certs, key, names, from_s, until_s, certs->ca, certs->ca_key);
    snprintf(file, sizeof file, "%s.crt", name);
    certs_write_cert(certs, file, cert);
    snprintf(file, sizeof file, "%s.key", name);
    certs_write_key(certs, file, key, NULL);
    X509_free(cert);
    EVP_PKEY_free(key);
}

CERTS_USED static void certs_open(struct certs *certs)
{
    *certs = (struct certs){.folder = "/tmp/outcry-certs-XXXXXX"};
    check(mkdtemp(certs->folder) != NULL);
    certs->ca_key = EVP_EC_gen("P-256");
    certs->ca = certs_make(certs, certs->ca_key, NULL, -3600, 86400, NULL, certs->ca_key);
    certs_write_cert(certs, "ca.crt", certs->ca);
}

CERTS_USED static void certs_close(struct certs *certs)
{
    char command[CERTS_PATH_MAX];
    snprintf(command, sizeof command, "rm -r %s", certs->folder);
    check(system(command) == 0);
    X509_free(certs->ca);
    EVP_PKEY_free(certs->ca_key);
}
