"""The socket of protocol 2: who gets in, and what goes over it."""

import contextlib
import glob
import os
import socket
import threading
import unittest
from unittest import mock

from aiges.plugin import frame_socket
from aiges.plugin.frame_socket import FrameListener
from tests.support import ECHO, TIMEOUT_S, Run, batch, connect, frame, once, plugin


class StreamSocketTest(unittest.TestCase):
    def test_a_caller_with_a_wrong_token_is_turned_away_and_the_host_gets_through(self):
        with plugin(ECHO) as running:
            run = Run(running, connect=False)
            token = run.init.stream.token
            self.assertEqual(len(token), 16)
            wrong = bytes([token[0] ^ 1]) + token[1:]
            for first in (
                frame(wrong),
                frame(b""),
                frame(token + b"x"),
                b"\xff\xff\xff\xff" + token,
                b"GET / HTTP/1.1\r\n\r\n",
            ):
                with self.subTest(first), connect(run.init.stream.address) as stranger:
                    stranger.sendall(first)
                    # A reset when it was turned away with some of its bytes unread.
                    with contextlib.suppress(ConnectionResetError):
                        self.assertEqual(stranger.recv(1), b"")
            with connect(run.init.stream.address):
                pass  # Comes and goes.
            run.open()
            self.assertEqual(run.once(1, b"hello").payloads[0].data, b"hello")

    def test_a_silent_or_slow_caller_is_turned_away_after_a_while(self):
        with mock.patch.object(frame_socket, "TOKEN_TIME_S", 0.05):
            listener = FrameListener({})
            silent = connect(listener.address)
            self.addCleanup(silent.close)
            silent.sendall(b"\0\0")
            host = connect(listener.address)
            self.addCleanup(host.close)
            host.sendall(frame(listener.token) + frame(b"first"))
            connection = listener.accept()
        self.addCleanup(connection._socket.close)
        self.addCleanup(connection._reader.close)
        self.assertEqual(connection.receive(), b"first")
        self.assertEqual(silent.recv(1), b"")

    def test_a_default_time_out_that_a_wrapper_has_set_for_sockets_does_not_keep_the_host_out(self):
        self.addCleanup(socket.setdefaulttimeout, None)
        socket.setdefaulttimeout(1e-6)
        listener = FrameListener({})
        socket.setdefaulttimeout(None)
        accepted = []
        waiting = threading.Thread(target=lambda: accepted.append(listener.accept()))
        waiting.start()
        waiting.join(0.05)
        with connect(listener.address) as host:
            host.sendall(frame(listener.token))
            waiting.join(TIMEOUT_S)
        self.assertEqual(len(accepted), 1)
        accepted[0]._reader.close()
        accepted[0]._socket.close()

    def test_the_socket_file_is_gone_once_the_host_has_connected(self):
        with plugin(ECHO) as running:
            run = Run(running, connect=False)
            path = run.init.stream.address.removeprefix("unix:")
            self.assertTrue(os.path.exists(path))
            run.open()
            run.once(1)
            self.assertFalse(os.path.exists(path))

    def test_no_socket_file_is_left_when_the_host_never_connects(self):
        with plugin(ECHO) as running:
            run = Run(running, connect=False)
            run.shutdown(1000)
            self.assertEqual(running.process.wait(TIMEOUT_S), 0)
            self.assertEqual(glob.glob(os.path.join(running.stderr_path.parent, "*.sock")), [])

    def test_listens_on_loopback_when_there_is_no_folder(self):
        with plugin(ECHO, PLUGIN_UNIX_SOCKET_DIR="") as running:
            run = Run(running)
            self.assertRegex(run.init.stream.address, r"^tcp:127\.0\.0\.1:\d+$")
            self.assertEqual(run.once(1, b"hello").payloads[0].data, b"hello")

    def test_messages_may_arrive_in_pieces_and_several_at_once(self):
        with plugin(ECHO) as running:
            run = Run(running)
            data = b"".join(frame(batch(once(id, b"%d" % id))) for id in (1, 2, 3))
            for at in range(0, len(data), 7):
                run.send_bytes(data[at : at + 7])
            run.send_bytes(b"".join(frame(batch(once(id, b"%d" % id))) for id in (4, 5)))
            for id in range(1, 6):
                self.assertEqual(run.result(id).payloads[0].data, b"%d" % id)

    def test_what_is_no_batch_ends_the_connection_so_that_the_host_knows(self):
        with plugin(ECHO) as running:
            run = Run(running)
            run.once(1)
            run.send_bytes(frame(b"\xff\xff\xff"))
            run.wait_ended()
            self.assertIn("cannot be read", running.stderr())

    def test_what_was_announced_reaches_the_host_before_a_crash(self):
        source = """
        import os
        class Wrapper(Base):
            def wrapperOnceExec(self, params, reqData):
                if params.get("crash"):
                    os._exit(3)
                return answer(b"ok")
        """
        with plugin(source) as running:
            run = Run(running)
            for id in range(100, 150):
                run.once(id)  # Fast calls, so that a chunk is long.
            run.send(once(1, crash="1"), once(2), once(3))
            run.wait_ended()
            self.assertEqual([id for kind, id in run.events if kind == "started"], [1, 2, 3])
            self.assertEqual(running.process.wait(TIMEOUT_S), 3)


if __name__ == "__main__":
    unittest.main()
