"""Ten tasks on the page of `ewald serve`, in Chromium. Run by .ci/browser."""
import json, os, pathlib, shutil, subprocess, sys, time, urllib.request
from openapi_spec_validator import validate
from playwright.sync_api import sync_playwright, expect

EWALD, SCRATCH, PICTURES = os.environ["EWALD"], pathlib.Path(os.environ["SCRATCH"]), pathlib.Path(sys.argv[1])
SAMPLES = pathlib.Path("Samples").resolve()
ENVIRONMENT = dict(os.environ, XDG_DATA_HOME=str(SCRATCH / "data"))
done, failures = 0, []


def serve(*words):
    process = subprocess.Popen([EWALD, "serve", "--listen", "127.0.0.1:0", *words], stderr=subprocess.PIPE, text=True,
                               env=ENVIRONMENT)
    while line := process.stderr.readline():
        if "listening on " in line:
            return process, line.split("listening on ")[1].strip()
    raise SystemExit("the service did not start")


def task(name):
    def run(body):
        global done
        try:
            body()
            done += 1
            print(f"ok      {name}")
        except Exception as error:  # noqa: BLE001: every failure is told, and the next task is tried
            failures.append(name)
            print(f"FAILED  {name}: {str(error)[:600]}")
    return run


service, address = serve("--data", str(SCRATCH / "service"), "--sessions", str(SCRATCH / "sessions"))
(SCRATCH / "sessions").mkdir(exist_ok=True)
validate(json.load(urllib.request.urlopen(address + "api/v1/openapi.json")))
print("ok      the OpenAPI document is valid")

with sync_playwright() as play:
    browser = play.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
    page = browser.new_page(viewport={"width": 1600, "height": 1000}, color_scheme="dark")
    complaints, foreign = [], []
    page.on("console", lambda m: complaints.append(m.text) if m.type == "error" and "status of 4" not in m.text else None)
    page.on("pageerror", lambda e: complaints.append(str(e)))
    page.on("request", lambda r: None if r.url.startswith((address, "data:", "blob:")) else foreign.append(r.url))
    page.goto(address)

    @task("the page comes, with every field named")
    def _():
        expect(page.locator("#version")).to_contain_text("Ewald")
        nameless = page.evaluate("""() => [...document.querySelectorAll('input,select,button')].filter(e =>
            !e.labels?.length && !e.getAttribute('aria-label') && !e.textContent.trim()).map(e => e.id)""")
        assert nameless == [], nameless

    @task("a frame is analysed")
    def _():
        page.select_option("#material", "rutile-80kv")
        page.fill("#convergence", "20")
        page.set_input_files("#files", SAMPLES / "rutile-wedge/wedge_003.tif")
        page.click("#go")
        first = page.locator("#answers > li").first
        expect(first.locator(".value").first).to_be_visible(timeout=180_000)
        value = float(first.locator(".value").first.inner_text())
        assert 7 < value < 11, value
        expect(first.locator(".interval").first).to_contain_text("–")
        assert first.locator("img").count() >= 3
        assert first.locator("img").first.evaluate("i => i.complete && i.naturalWidth > 0")
        page.screenshot(path=PICTURES / "analyse-dark-1600.png", full_page=True)

    @task("many frames are analysed, the newest answer first")
    def _():
        page.set_input_files("#files", [SAMPLES / f"rutile-wedge/wedge_00{n}.tif" for n in (4, 5, 6)])
        page.click("#go")
        expect(page.locator("#notice")).to_have_text("3 of 3 analysed", timeout=120_000)
        expect(page.locator("#answers > li").first).to_contain_text("wedge_006.tif")
        assert page.locator("#answers > li").count() == 4

    @task("what is no frame gets a sentence")
    def _():
        (SCRATCH / "notes.txt").write_text("no frame at all, just words\n" * 20)
        page.set_input_files("#files", SCRATCH / "notes.txt")
        page.click("#go")
        expect(page.locator("#answers > li").first).to_contain_text("no known format", timeout=30_000)

    @task("bare numbers are analysed with their size")
    def _():
        raw = bytes(v for y in range(64) for x in range(64) for v in (((900 if (x-30)**2+(y-31)**2 < 150 else 9) + x*y % 5) & 255,
              (900 if (x-30)**2+(y-31)**2 < 150 else 9) >> 8))
        (SCRATCH / "a.raw").write_bytes(raw)
        page.select_option("#engine", "frame")
        page.select_option("#material", "")
        page.fill("#convergence", "")
        page.click("summary")
        page.fill("#raw-width", "64")
        page.fill("#raw-height", "64")
        page.set_input_files("#files", SCRATCH / "a.raw")
        page.click("#go")
        expect(page.locator("#answers > li").first).to_contain_text("frame", timeout=30_000)
        expect(page.locator("#answers > li").first.locator("table")).to_contain_text("dose")
        page.fill("#raw-width", "")
        page.fill("#raw-height", "")

    @task("the models are listed with their validation")
    def _():
        page.keyboard.press("Home")
        page.click('nav a[href="#models"]')
        expect(page.locator("#model-rows tr")).to_have_count(4)
        expect(page.locator("#model-rows")).to_contain_text("%")
        page.screenshot(path=PICTURES / "models-dark-1600.png", full_page=True)

    @task("a training is asked for, watched and cancelled by keyboard")
    def _():
        page.click('nav a[href="#training"]')
        page.select_option("#train-crystal", "silicon")
        page.fill("#train-thickness", "20")
        page.fill("#train-steps", "400")
        page.locator("#train-form button").focus()
        page.keyboard.press("Enter")
        ticket = page.locator("#tickets > li").first
        expect(ticket).to_contain_text("silicon-200kv", timeout=20_000)
        expect(ticket.locator("progress")).to_be_visible()
        page.screenshot(path=PICTURES / "training-dark-1600.png", full_page=True)
        ticket.locator("button").focus()
        page.keyboard.press("Enter")
        expect(ticket).to_contain_text("cancelled", timeout=20_000)

    @task("a session is followed while it goes on")
    def _():
        folder = SCRATCH / "frames"
        folder.mkdir()
        shutil.copy(SAMPLES / "rutile-wedge/wedge_000.tif", folder)
        watch = subprocess.Popen([EWALD, "watch", str(folder), "--engine", "frame", "--line", "--settle", "0.05", "--session",
                                  str(SCRATCH / "sessions/live.session.jsonl")], stdout=subprocess.PIPE, text=True)
        try:
            while "wedge_000" not in watch.stdout.readline():
                pass
            page.click('nav a[href="#sessions"]')
            expect(page.locator("#session-rows tr")).to_have_count(1, timeout=20_000)
            shutil.copy(SAMPLES / "rutile-wedge/wedge_001.tif", folder)
            expect(page.locator("#session-rows")).to_contain_text("wedge_001.tif", timeout=20_000)
            expect(page.locator("#newest")).to_be_visible()
            expect(page.locator("#newest-name")).to_contain_text("wedge_001.tif")
            assert page.locator("#trend circle").count() == 2
            page.screenshot(path=PICTURES / "sessions-dark-1600.png", full_page=True)
        finally:
            watch.terminate()
            watch.wait()

    @task("everything is reached with the keyboard")
    def _():
        page.goto(address)
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.className") == "skip"
        seen = set()
        for _ in range(14):
            page.keyboard.press("Tab")
            seen.add(page.evaluate("document.activeElement.id || document.activeElement.getAttribute('href')"))
        assert {"#analyse", "#models", "#sessions", "files", "engine", "material", "convergence"} <= seen, seen
        page.locator('nav a[href="#models"]').focus()
        page.keyboard.press("Enter")
        expect(page.locator("#models")).to_be_visible()
        width = page.evaluate("getComputedStyle(document.activeElement).outlineWidth")
        assert width == "3px", width

    @task("narrow and wide, dark and light, nothing sticks out")
    def _():
        for scheme in ("dark", "light"):
            for width in (400, 1600):
                narrow = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
                for view in ("analyse", "models", "training", "sessions"):
                    narrow.goto(f"{address}#{view}")
                    narrow.wait_for_timeout(300)
                    over = narrow.evaluate("document.documentElement.scrollWidth - innerWidth")
                    assert over <= 0, (width, view, over)
                    narrow.screenshot(path=PICTURES / f"{view}-{scheme}-{width}.png")
                narrow.close()

    service.terminate()
    assert service.wait(60) == 0
    made = subprocess.run([EWALD, "serve", "token", "browser", "--scope", "analyse", "--tokens", str(SCRATCH / "tokens")],
                          capture_output=True, text=True, check=True)
    service, guarded = serve("--data", str(SCRATCH / "guarded"), "--tokens", str(SCRATCH / "tokens"))

    @task("a token is asked for and accepted")
    def _():
        own = browser.new_page()
        own.goto(guarded)
        expect(own.locator("#token-form")).to_be_visible()
        own.fill("#token", "wrong")
        own.keyboard.press("Enter")
        expect(own.locator("#notice")).to_contain_text("not known")
        own.fill("#token", made.stdout.strip())
        own.keyboard.press("Enter")
        expect(own.locator("#notice")).to_contain_text("accepted")
        own.click('nav a[href="#models"]')
        expect(own.locator("#model-rows tr")).to_have_count(4)

    @task("nothing was asked of another host, and no script complained")
    def _():
        assert foreign == [], foreign
        assert complaints == [], complaints

    browser.close()

service.terminate()
service.wait(60)
print(f"{done} of {done + len(failures)} tasks done")
sys.exit(1 if failures else 0)
