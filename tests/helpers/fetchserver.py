#!/usr/bin/env python3
"""A web server on loopback for tests of downloads: fetchserver.py FILE PORTFILE.

/plain/...     FILE, with ranges          /cut/...       closes the connection in the middle, once
/norange/...   ignores ranges             /wrong/...     bytes of another file
/moved/...     redirects to /plain/...    /none/...      404
/far/...       redirects to ftp           /large/...     announces 10^15 bytes
Requests go to standard output: PATH RANGE."""
import http.server, os, sys

DATA = open(sys.argv[1], "rb").read()
was_cut = False


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        global was_cut
        way = self.path.split("/")[1]
        given = self.headers.get("Range", "")
        print(self.path, given, flush=True)
        if way == "none":
            return self.send_error(404)
        if way in ("moved", "far"):
            self.send_response(302)
            name = self.path.split("/")[-1]
            self.send_header("Location", f"/plain/{name}" if way == "moved" else f"ftp://127.0.0.1/{name}")
            self.send_header("Content-Length", "0")
            return self.end_headers()
        data = DATA[::-1] if way == "wrong" else DATA
        first = int(given[6:].split("-")[0]) if given and way != "norange" else 0
        if first >= len(data):
            return self.send_error(416)
        self.send_response(206 if first else 200)
        if first:
            self.send_header("Content-Range", f"bytes {first}-{len(data) - 1}/{len(data)}")
        self.send_header("Content-Length", str(10**15 if way == "large" else len(data) - first))
        self.end_headers()
        if way == "cut" and not was_cut:
            was_cut = True
            self.wfile.write(data[first:len(data) // 2])
            self.wfile.flush()
            return self.connection.close()
        self.wfile.write(data[first:])

    def log_message(self, *args):
        pass


server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
with open(sys.argv[2] + ".new", "w") as f:
    f.write(str(server.server_port))
os.rename(sys.argv[2] + ".new", sys.argv[2])
server.serve_forever()
