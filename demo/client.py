"""What affiliates and the operator say to the exchange, over connections that stay open."""
import http.client
import json
import time
import ssl
import urllib.parse

from workshop import Failure

STORY_TRIES, STORY_PAUSE_S = 50, 0.2
TIMEOUT_S = 15


def is_told(status, story):
    """The trace follows the answer: a lead may be known a moment before its auction, or its posts, can be told."""
    if status != 200:
        return status != 404
    has_posts = not story["lead_id"] or story["kind"] == "one_call" or story.get("post_steps")
    return bool(story["contracts"] and has_posts)


class Client:
    """One caller of the exchange: `key` is its own, or None where none is asked for."""

    def __init__(self, url, ca, key):
        self.parts, self.key = urllib.parse.urlsplit(url), key
        self.context = ssl.create_default_context(cafile=ca) if self.parts.scheme == "https" else None
        self.connection = None

    def open(self):
        host, port = self.parts.hostname, self.parts.port
        if self.context:
            return http.client.HTTPSConnection(host, port, timeout=TIMEOUT_S, context=self.context)
        return http.client.HTTPConnection(host, port, timeout=TIMEOUT_S)

    def send(self, method, path, body=None):
        """(status, document); a connection that has gone stale is opened once more for a GET."""
        head = {"Authorization": f"Bearer {self.key}"} if self.key else {}
        if body is not None:
            head["Content-Type"] = "application/json"
        self.connection = self.connection or self.open()
        try:
            self.connection.request(method, path, json.dumps(body) if body is not None else None, head)
            answer = self.connection.getresponse()
            text = answer.read()
        except (OSError, http.client.HTTPException):
            self.connection.close()
            self.connection = None
            raise
        return answer.status, json.loads(text) if text else None

    def ask(self, method, path, body=None):
        """The document of a 200; anything else is a failure of the demo."""
        try:
            status, document = self.send(method, path, body)
            for _ in range(STORY_TRIES):  # a story just told may still be on its way to the disk
                if "/explain/" not in path or is_told(status, document):
                    break
                time.sleep(STORY_PAUSE_S)
                status, document = self.send(method, path, body)
        except (OSError, http.client.HTTPException) as problem:
            raise Failure(f"{method} {path}: {problem or type(problem).__name__}") from None
        if status != 200:
            raise Failure(f"{method} {path}: the exchange answered {status}: {json.dumps(document)}")
        return document

    def is_ready(self):
        try:
            return self.send("GET", "/readyz")[0] == 200
        except (OSError, http.client.HTTPException):
            return False
