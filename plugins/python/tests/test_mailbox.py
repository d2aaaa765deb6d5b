"""What other threads have called on the event loop."""

import asyncio
import unittest

from aiges.plugin.threads import Mailbox


class Loop:
    """An event loop that looks when the test says so."""

    def __init__(self):
        self.woken = []

    def call_soon_threadsafe(self, function):
        self.woken.append(function)

    def look(self):
        woken, self.woken = self.woken, []
        for function in woken:
            function()


class MailboxTest(unittest.TestCase):
    def test_the_loop_is_woken_once_for_all_that_comes_before_it_looks(self):
        loop, seen = Loop(), []
        mailbox = Mailbox(loop)
        for number in range(3):
            mailbox.post(seen.append, number)
        self.assertEqual((len(loop.woken), seen), (1, []))
        loop.look()
        self.assertEqual(seen, [0, 1, 2])

    def test_the_loop_is_woken_again_for_what_comes_later(self):
        loop, seen = Loop(), []
        mailbox = Mailbox(loop)
        mailbox.post(seen.append, 1)
        loop.look()
        mailbox.post(seen.append, 2)
        loop.look()
        self.assertEqual(seen, [1, 2])

    def test_what_many_threads_post_arrives(self):
        async def run():
            loop, seen = asyncio.get_running_loop(), []
            mailbox = Mailbox(loop)

            def post(thread):
                for number in range(200):
                    mailbox.post(seen.append, (thread, number))

            await asyncio.gather(*(asyncio.to_thread(post, thread) for thread in range(4)))
            arrived = asyncio.Event()
            mailbox.post(lambda _: arrived.set(), None)
            await asyncio.wait_for(arrived.wait(), 10)
            return seen

        seen = asyncio.run(run())
        for thread in range(4):
            self.assertEqual([number for who, number in seen if who == thread], list(range(200)))


if __name__ == "__main__":
    unittest.main()
