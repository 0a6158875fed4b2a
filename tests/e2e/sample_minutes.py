"""The minutes of a made-up meeting with something in every part, as the pictures of documents show them."""

from meetings.exports.minutes import AgendaItem, Attendee, Item, Line, Minutes, Talk

HANDBOOK = """The release moves to the twelfth of March. The tests on the new machines are green since Monday, only the
handbook is missing, and the handbook is what our customers in Kyoto and in Cairo ask for first."""
SPOKEN = (
    ("Mona Lindqvist", "en", "Good morning, everybody. Let us begin with the budget for the second half of the year."),
    ("Felix Brandt", "en", "The figures arrived yesterday. Hosting went down by a fifth, and travel went up a little."),
    ("Yuki Tanaka", "en", "Travel is the fair in October, that was planned. I can send the list of costs around."),
    ("Mona Lindqvist", "en", "Please do. Then we keep the budget as it stands. Any objections? Then it is settled."),
    ("Felix Brandt", "en", "One more thing: <b>R&D</b> wants the costs under 10 % & over 5 % --> see the list."),
    ("Felix Brandt", "en", HANDBOOK),
    ("Yuki Tanaka", "ja", "ハンドブックは私が書きます。一週間と、後で読んでくれる人が一人必要です。"),
    ("Noor Haddad", "ar", "سأقرأ الدليل يوم الخميس، ثم نرسله إلى الفريق في القاهرة."),
    ("Mona Lindqvist", "en", "I read the rest of it. Agreed, the release is on the twelfth. 🎉"),
)  # fmt: skip


def sample() -> Minutes:
    """What a host made of a meeting, with something in every part."""
    lines = [
        Line(f"{minute:02}:{second:02}", name, text, language=language)
        for minute in range(0, 40, 8)
        for second, (name, language, text) in zip(range(2, 60, 6), SPOKEN, strict=False)
    ]
    lines.insert(7, Line("00:50", "Noor Haddad", "", 2.3))
    return Minutes(
        title="Release and budget: what is left until March",
        date="2026-02-16",
        start="14:00",
        end="14:47",
        zone="CET (Europe/Berlin)",
        duration="47 min",
        host="Mona Lindqvist",
        chair="Mona Lindqvist",
        place="Room 4 and online",
        absent=("Nils Aalto",),
        attendees=(
            Attendee("Mona Lindqvist", True, "13:58", "14:47", 1_020_000),
            Attendee("Felix Brandt", False, "14:00", "14:47", 900_000),
            Attendee("Yuki Tanaka", False, "14:01", "14:47", 480_000),
            Attendee("Noor Haddad", False, "14:06", "14:40", 120_000),
        ),
        agenda=(
            AgendaItem("Budget for the second half of the year", "Hosting went down by a fifth, travel up a little.\n"
                       "The fair in October was planned: nothing changes."),
            AgendaItem("Release", "The tests are green since Monday, only the handbook is missing."),
        ),
        summary="The budget stays as it stands. The release moves to the twelfth of March, and the handbook is written "
        "until then.\nYuki sends the list of costs around.",
        machine_summary=True,
        decisions=(
            Item("The budget stays as it stands.", "00:20", 20_000),
            Item("The release is on the twelfth of March.", "00:50", 50_000, machine=True),
        ),
        actions=(
            Item("Send the list of costs around", "00:14", 14_000, "Yuki Tanaka", "2026-02-18", done=True),
            Item("Write the handbook, with a chapter on uploads", "00:38", 38_000, "Yuki Tanaka", "2026-02-27"),
            Item("Read the handbook", "00:44", 44_000, "Noor Haddad", "2026-03-05"),
        ),
        notes=(Item("The fair needs a decision on the stand until May.", "08:26", 506_000),),
        next_meeting="Monday 23 February, 14:00, the same room",
        insight=(
            Talk("Mona Lindqvist", 1_020_000, 31, 95_000, 142, 3, 0.99, 0),
            Talk("Felix Brandt", 900_000, 24, 140_000, 158, 1, 0.97, 2_300),
            Talk("Yuki Tanaka", 480_000, 18, 61_000, 131, 0, 0.98, 0),
            Talk("Noor Haddad", 120_000, 6, 30_000, 120, 0, None, 0),
        ),
        status="approved",
        approved_by="Mona Lindqvist",
        transcript_approved=True,
        lines=tuple(lines),
    )  # fmt: skip
