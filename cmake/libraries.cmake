# Outside libraries, each named in one room only (docs/architecture.md). libevent: the core library alone; the pkg-config
# files of libevent_openssl and libevent_pthreads would add a second copy of it.
find_package(OpenSSL 3.0 REQUIRED)
find_package(Threads REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(EVENT REQUIRED IMPORTED_TARGET libevent_core>=2.1.12)
pkg_check_modules(LMDB REQUIRED IMPORTED_TARGET lmdb)
pkg_check_modules(YAML REQUIRED IMPORTED_TARGET yaml-0.1)
find_package(msgpack CONFIG QUIET) # Debian 12: target msgpackc; from 6.x on package and target are msgpack-c
if(TARGET msgpackc)
  add_library(outcry::msgpack ALIAS msgpackc)
else()
  find_package(msgpack-c CONFIG REQUIRED)
  add_library(outcry::msgpack ALIAS msgpack-c)
endif()
