"""Requests that come all at once begin a few at a time, and whoever asks whether the process lives waits for none."""

import asyncio

from service.commands.server import BEGUN_AT_ONCE, Paced

CROWD = 200


class App:
    """Notes which requests have begun, in their order."""

    def __init__(self):
        self.begun = []

    async def __call__(self, scope, _receive, _send):
        self.begun.append(scope["path"])


def ask(app, path):
    return app({"type": "http", "path": path}, None, None)


def names(count):
    return [f"/v1/{number}" for number in range(count)]


def test_a_probe_that_comes_after_a_crowd_waits_for_few():
    app = App()

    async def run():
        paced = Paced(app)
        await asyncio.gather(*(ask(paced, path) for path in [*names(CROWD), "/livez"]))

    asyncio.run(run())

    assert app.begun.index("/livez") == BEGUN_AT_ONCE
    assert [path for path in app.begun if path != "/livez"] == names(CROWD)


def test_one_who_leaves_while_waiting_keeps_no_other():
    app = App()

    async def run():
        paced = Paced(app)
        asked = [asyncio.create_task(ask(paced, path)) for path in names(CROWD)]
        await asyncio.sleep(0)
        for task in asked[1:-1]:
            task.cancel()
        await asyncio.wait(asked)
        await ask(paced, "/v1/next")

    asyncio.run(run())

    assert app.begun[-2:] == [names(CROWD)[-1], "/v1/next"]
    assert len(app.begun) < CROWD


def test_what_is_no_request_begins_at_once():
    app = App()
    asyncio.run(Paced(app)({"type": "lifespan", "path": ""}, None, None))

    assert app.begun == [""]
