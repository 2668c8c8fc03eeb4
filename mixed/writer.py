"""A client program that writes to whichever node is the primary and remembers what was acknowledged."""

import select
import threading
import time

from harness import poll


def wait_callback(connection):
    """A backend that was stopped with its node never answers; the connection's socket stays open all the same."""
    import psycopg2
    from psycopg2 import extensions
    until = time.monotonic() + 3
    while (state := connection.poll()) != extensions.POLL_OK:
        read = [connection.fileno()] if state == extensions.POLL_READ else []
        write = [connection.fileno()] if state == extensions.POLL_WRITE else []
        if not any(select.select(read, write, [], max(0, until - time.monotonic()))):
            raise psycopg2.OperationalError("no answer within 3 s")


class Writer(threading.Thread):
    """One row after the other, each in a transaction of its own; used as `with Writer(cluster) as writer:`."""

    number = 0

    def __init__(self, cluster, pause=0.02):
        super().__init__(daemon=True)
        import psycopg2
        from psycopg2 import extensions
        extensions.set_wait_callback(wait_callback)
        self.psycopg2, self.cluster, self.pause = psycopg2, cluster, pause
        Writer.number += 1
        self.table = f"written{Writer.number}"
        cluster.leader().sql(f"create table {self.table} (number int primary key)")
        self.acknowledged, self.problems, self.longest_gap = [], [], 0.0
        self.stopping = False

    def __enter__(self):
        self.start()
        poll(lambda: len(self.acknowledged) > 5, bool, 10)
        return self

    def __exit__(self, *_):
        self.stopping = True
        self.join(20)

    def connect(self):
        for node in self.cluster.nodes:
            try:
                connection = self.psycopg2.connect(host="127.0.0.1", port=node.sql_port, user="postgres", password=self.cluster.password, dbname="postgres")
                connection.autocommit = True
                with connection.cursor() as cursor:
                    cursor.execute("select pg_is_in_recovery()")
                    if not cursor.fetchone()[0]:
                        return connection
                connection.close()
            except self.psycopg2.Error as problem:
                self.problems.append(str(problem))
        return None

    def run(self):
        connection, last, number = None, time.monotonic(), 0
        while not self.stopping:
            number += 1
            try:
                connection = connection or self.connect()
                if connection is None:
                    time.sleep(0.05)
                    continue
                with connection.cursor() as cursor:
                    cursor.execute(f"insert into {self.table} values (%s)", (number,))
                self.acknowledged.append(number)
                now = time.monotonic()
                self.longest_gap, last = max(self.longest_gap, now - last), now
                time.sleep(self.pause)
            except self.psycopg2.Error as problem:
                self.problems.append(str(problem))
                if connection is not None:
                    connection.close()
                connection = None
        if connection is not None:
            connection.close()

    def goes_on(self, seconds=20):
        """Whether five more rows are acknowledged soon."""
        before = len(self.acknowledged)
        return poll(lambda: len(self.acknowledged) >= before + 5, bool, seconds) is True

    def lost(self):
        """What was acknowledged and is not there; to be asked after the end of the writer."""
        there = {int(each) for each in self.cluster.leader().sql(f"select number from {self.table}").split()}
        return [each for each in self.acknowledged if each not in there]

    def figures(self):
        return f"{len(self.acknowledged)} rows, the longest pause {self.longest_gap:.1f} s"

    def nothing_lost(self, checks, what):
        lost = self.lost()
        checks.check(f"{what}: nothing acknowledged is lost ({self.figures()})", not lost, "none lost", f"{len(lost)} lost, such as {lost[:5]}")
