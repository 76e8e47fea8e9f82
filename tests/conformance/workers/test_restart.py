"""Workers outlive a restart of their server."""

from __future__ import annotations

import djnb as dj
from djnb.jobs import registry
from djnb.jobs.workers import Worker
from tests import servers
from tests.conftest import need_own_mariadb


class TestRestart:
    def test_of_the_server_is_survived(self):
        """The worker is registered as before, and shows that it lives, as soon as the server is back."""
        need_own_mariadb()
        with servers.private_server() as server, dj.Connection(server.url) as connection:
            schema = dj.Schema("djnb_test_restart", connection=connection)
            worker = Worker.of(connection, schema.name)
            name = registry.registry_of(schema.name)

            server.restart()

            liveness = connection.liveness(lease=60)
            (before,) = liveness.survey(name)
            while (now := liveness.survey(name)[0]).heartbeat == before.heartbeat or not now.is_shown:
                pass
            liveness.close()
            assert (worker.id, False, worker) == (now.worker, worker.is_dead, Worker.of(connection, schema.name))
