"""docker-compose.yml and Dockerfile are what they say: their commands run, in their order, with their environment.

There is no Docker engine here. Each service of ours is started with the command, the environment and the secrets of the
compose file, in a folder that holds what the Dockerfile copies; names of services lead to stores on this machine.
"""

import os
import re
import secrets
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import msgspec
import psycopg
import pytest

from config import stopping
from config.bodies import LARGEST
from config.environment import Environment
from config.launch import process
from tests.launch import compose
from tests.stack import ROOT, emptied_redis, free_port, new_database

GIVEN = {"DOMAIN": "meet.example.org", "ENGINE": "scripted", "METRICS_TOKEN": "read-by-prometheus"}
HOST = {"Host": GIVEN["DOMAIN"], "X-Forwarded-Proto": "https"}
READY_SECONDS = 120.0


@dataclass
class Deployment:
    """The services as processes."""

    folder: Path
    database_url: str
    redis_url: str
    ports: list[int] = field(default_factory=list)  # of the web processes
    running: dict[str, "subprocess.Popen[bytes]"] = field(default_factory=dict)

    def here(self, text: str, port: int = 0) -> str:
        """What a container sees, as this machine has it."""
        database, redis = urlsplit(self.database_url), urlsplit(self.redis_url)
        where = {
            "meetings@postgres:5432/meetings": f"owner@{database.hostname}:{database.port}{database.path}",
            "redis://valkey:6379/0": redis.geturl(),
            "/run/secrets": str(self.folder / "secrets"),
            "/data/": f"{self.folder}/data/",
            "0.0.0.0": "127.0.0.1",
            "127.0.0.1:8000": f"127.0.0.1:{port}",
        }
        for there, here in where.items():
            text = text.replace(there, here)
        return str(port) if text == "8000" else text

    def environment(self, service: compose.Service) -> dict[str, str]:
        """Nothing of ours beside what the image and the compose file set."""
        own = {name: self.here(value) for name, value in service.environment.items()}
        image = {"VAR_DIR": str(self.folder / "data"), "PYTHONUNBUFFERED": "1", "PYTHONDONTWRITEBYTECODE": "1"}
        return {**image, **own, "PATH": f"{Path(sys.executable).parent}:{os.defpath}", "HOME": str(self.folder)}

    def run(self, service: compose.Service, command: list[str], port: int = 0) -> "subprocess.CompletedProcess[str]":
        """To its end."""
        return subprocess.run(
            [self.here(word, port) for word in command],
            cwd=self.folder / "app", env=self.environment(service), capture_output=True, text=True, check=False,
        )  # fmt: skip

    def start(self, service: compose.Service) -> None:
        for number in range(service.replicas):
            port = free_port()
            if service.name == "web":
                self.ports.append(port)
            arguments = tuple(self.here(word, port) for word in service.command)
            name = f"{service.name}-{number + 1}"
            command = process.Command(name, arguments, self.environment(service), self.folder / "app")
            with (self.folder / f"{name}.log").open("wb") as output:
                self.running[name] = process.start(command, output)

    def stop(self) -> None:
        for child in self.running.values():
            process.stop(child)

    def logs(self) -> str:
        return "\n".join(path.read_text(errors="replace")[-2_000:] for path in self.folder.glob("*.log"))


@pytest.fixture(scope="module")
def services() -> dict[str, compose.Service]:
    return compose.read(GIVEN, "cpu")


@pytest.fixture(scope="module")
def deployment(
    tmp_path_factory: pytest.TempPathFactory, database_url: str, redis_url: str, services: dict[str, compose.Service]
) -> Iterator[Deployment]:
    if not (ROOT / "frontend" / "dist").is_dir():
        pytest.skip("the front end is not built: npm run build in frontend/")
    folder = tmp_path_factory.mktemp("deployment")
    made = Deployment(folder, new_database(database_url), emptied_redis(redis_url, 9))
    (folder / "secrets").mkdir()
    (folder / "data").mkdir()
    password = secrets.token_hex(24)
    (folder / "secrets" / "postgres_password").write_text(f"{password}\n")
    (folder / "secrets" / "secret_key").write_text(f"{secrets.token_hex(48)}\n")
    _give_to_owner(made.database_url, password)
    _copy_image(folder / "app")
    prepared = made.run(services["prepare"], services["prepare"].command)
    assert prepared.returncode == 0, prepared.stdout + prepared.stderr
    try:
        for service in services.values():
            if service.is_ours and service.name != "prepare":
                made.start(service)
        yield made
    finally:
        made.stop()


def _give_to_owner(database_url: str, password: str) -> None:
    """As the image of Postgres does with POSTGRES_USER: the database belongs to a user with a password."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("DROP ROLE IF EXISTS owner")
        connection.execute(f"CREATE ROLE owner LOGIN PASSWORD '{password}'")
        connection.execute(f'ALTER DATABASE "{urlsplit(database_url).path[1:]}" OWNER TO owner')
        connection.execute("ALTER SCHEMA public OWNER TO owner")


def _copy_image(app: Path) -> None:
    app.mkdir()
    for there, source in compose.copied().items():
        target = app / there
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, target)


def test_everything_comes_up_and_every_health_check_passes(
    deployment: Deployment, services: dict[str, compose.Service]
) -> None:
    web = services["web"]
    deadline = time.monotonic() + READY_SECONDS
    assert len(deployment.ports) == web.replicas == 2
    for port in deployment.ports:
        while deployment.run(web, web.check, port).returncode:
            assert time.monotonic() < deadline, deployment.logs()
            time.sleep(0.3)
        while httpx.get(f"http://127.0.0.1:{port}/ready", headers=HOST).status_code != httpx.codes.OK:
            assert time.monotonic() < deadline, deployment.logs()
            time.sleep(0.3)
    for name, child in deployment.running.items():
        assert child.poll() is None, f"{name} ended: {deployment.logs()}"
    assert {name.rpartition("-")[0] for name in deployment.running} == {"web", "transcriber", "worker", "media", "beat"}


def test_a_health_check_fails_where_nothing_answers(
    deployment: Deployment, services: dict[str, compose.Service]
) -> None:
    assert deployment.run(services["web"], services["web"].check, free_port()).returncode == 1


def test_workers_and_transcribers_are_healthy_while_they_answer(
    deployment: Deployment, services: dict[str, compose.Service]
) -> None:
    deadline = time.monotonic() + READY_SECONDS
    for name in ("transcriber", "worker", "media", "beat"):
        while (checked := deployment.run(services[name], services[name].check)).returncode:
            assert time.monotonic() < deadline, checked.stdout + checked.stderr + deployment.logs()
            time.sleep(0.5)


@pytest.mark.parametrize("name", ["transcriber", "worker"])
def test_one_that_hangs_is_not_healthy(deployment: Deployment, services: dict[str, compose.Service], name: str) -> None:
    child = deployment.running[f"{name}-1"]
    child.send_signal(signal.SIGSTOP)
    try:
        deadline = time.monotonic() + READY_SECONDS
        while deployment.run(services[name], services[name].check).returncode == 0:
            assert time.monotonic() < deadline
            time.sleep(0.5)
    finally:
        child.send_signal(signal.SIGCONT)


def test_pages_come_with_their_files_and_only_by_https(deployment: Deployment) -> None:
    page = httpx.get(f"http://127.0.0.1:{deployment.ports[0]}/accounts/login/", headers=HOST)
    assert page.status_code == httpx.codes.OK
    assert "max-age=31536000" in page.headers["Strict-Transport-Security"]
    assert "Secure" in page.headers["Set-Cookie"]
    style = page.text.partition('rel="stylesheet" href="')[2].partition('"')[0]
    sheet = httpx.get(f"http://127.0.0.1:{deployment.ports[1]}{style}", headers=HOST)
    assert sheet.status_code == httpx.codes.OK
    plain = httpx.get(f"http://127.0.0.1:{deployment.ports[0]}/", headers={"Host": GIVEN["DOMAIN"]})
    assert plain.headers["Location"] == f"https://{GIVEN['DOMAIN']}/"


def test_the_worker_and_beat_do_periodic_work(deployment: Deployment) -> None:
    """Beat asks, the worker answers and counts it."""
    url, collector = f"http://127.0.0.1:{deployment.ports[0]}/metrics", f"Bearer {GIVEN['METRICS_TOKEN']}"
    done = re.compile(
        r'^meeting_tasks_total\{.*state="success",task="meetings\.tasks\.deliver_webhooks"\} [1-9]', re.MULTILINE
    )
    deadline = time.monotonic() + 60
    while not done.search(httpx.get(url, headers={**HOST, "Authorization": collector}).text):
        assert time.monotonic() < deadline, deployment.logs()
        time.sleep(0.5)


def test_django_finds_nothing_wrong_with_the_settings(
    deployment: Deployment, services: dict[str, compose.Service]
) -> None:
    command = ["python", "manage.py", "check", "--deploy", "--fail-level", "WARNING"]
    checked = deployment.run(services["web"], command)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert "no issues" in checked.stdout


# ── What the files say ──────────────────────────────────────────────────────────────────────────────────────────────


def test_a_domain_has_to_be_given() -> None:
    with pytest.raises(KeyError, match="DOMAIN"):
        compose.read({}, "cpu")


@pytest.mark.parametrize(("profile", "transcriber"), [("cpu", "transcriber"), ("gpu", "transcriber-gpu")])
def test_each_profile_has_one_kind_of_transcriber(profile: str, transcriber: str) -> None:
    found = compose.read(GIVEN, profile)
    assert [name for name in found if name.startswith("transcriber")] == [transcriber]


def test_every_variable_reaches_every_process_of_ours() -> None:
    variables = [field.encode_name for field in msgspec.structs.fields(Environment)]
    given = {**dict.fromkeys(variables, "given"), "DOMAIN": "meet.example.org"}
    for service in (*compose.read(given, "cpu").values(), *compose.read(given, "gpu").values()):
        if service.is_ours:
            lacking = {name for name in variables if service.environment.get(name) != "given"}
            # the address follows the domain, and a service for the GPU uses it
            assert lacking <= {"BASE_URL", *(["DEVICE"] if service.name == "transcriber-gpu" else [])}, service.name


def test_an_image_is_built_once() -> None:
    ours = [service for service in compose.whole()["services"].values() if service["image"].startswith("meeting-")]
    built = [service["image"] for service in ours if "build" in service]
    assert sorted(built) == sorted({service["image"] for service in ours})
    assert all(service["pull_policy"] == "never" for service in ours)


def test_live_captions_and_second_passes_have_one_model() -> None:
    for profile in ("cpu", "gpu"):
        for given in (GIVEN, {**GIVEN, "MODEL": "large-v3-turbo"}):
            ours = [service for service in compose.read(given, profile).values() if service.is_ours]
            assert {service.environment.get("MODEL") for service in ours} == {given.get("MODEL")}


def test_no_service_fills_the_disk_with_its_log_or_takes_all_memory() -> None:
    for name, service in compose.whole()["services"].items():
        assert service["logging"]["options"]["max-size"], name
        assert name == "prepare" or service["deploy"]["resources"]["limits"]["memory"], name


def test_what_services_name_is_there(services: dict[str, compose.Service]) -> None:
    whole = compose.whole()
    for service in services.values():
        assert set(service.needs) <= set(services), service.name
        assert set(service.definition.get("secrets", [])) <= set(whole["secrets"])
        for volume in service.definition.get("volumes", []):
            name = volume.partition(":")[0]
            assert name in whole["volumes"] or (ROOT / name).exists(), volume
        for name, condition in service.needs.items():
            assert (condition == "service_healthy") == bool(services[name].check), f"{service.name} waits for {name}"


def test_no_secret_stands_in_the_compose_file(services: dict[str, compose.Service]) -> None:
    for service in services.values():
        for name, value in service.environment.items():
            if "PASSWORD" in name or "SECRET" in name:
                assert value.startswith("/run/secrets/"), f"{service.name}: {name}"


def test_the_proxy_lets_the_largest_file_through_and_nothing_beyond() -> None:
    found = re.search(r"^\s*max_size (\d+)MB$", (ROOT / "Caddyfile").read_text(), re.MULTILINE)
    assert found
    largest = max(LARGEST.values())
    assert largest <= int(found[1]) * 1_000_000 < 1.1 * largest


def test_the_proxy_has_the_static_files_and_nothing_else_of_the_data(services: dict[str, compose.Service]) -> None:
    assert "static:/data/static" in services["prepare"].definition["volumes"]
    mounted = services["caddy"].definition["volumes"]
    assert "static:/srv/static:ro" in mounted
    assert not any(volume.startswith("data:") for volume in mounted)
    assert re.search(r"path /static/\*\s+file \{\s+root /srv\s", (ROOT / "Caddyfile").read_text())


def test_a_web_process_has_the_time_that_its_requests_may_take(services: dict[str, compose.Service]) -> None:
    grace = int(services["web"].definition["stop_grace_period"].removesuffix("s"))
    assert grace > stopping.GRACE_SECONDS + stopping.LONGEST_SECONDS + 2


def test_every_target_runs_as_somebody_who_is_not_root() -> None:
    steps = compose.instructions()
    targets = {service["build"]["target"] for service in compose.whole()["services"].values() if "build" in service}
    assert targets == {"cpu", "cuda", "media"}
    for target in targets:
        users = [rest for stage, word, rest in steps if (stage, word) == (target, "USER")]
        assert users == ["app"]
    assert steps[-1][0] == "cpu"  # what `docker build .` makes


def test_what_the_dockerfile_copies_is_there_and_let_through() -> None:
    let_through = (ROOT / ".dockerignore").read_text()
    for there, source in compose.copied().items():
        assert source.exists() or there == "frontend/dist", there
        assert f"!{there.partition('/')[0]}" in let_through
