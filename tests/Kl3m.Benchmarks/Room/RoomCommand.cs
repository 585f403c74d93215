using System.Diagnostics;
using System.Globalization;
using Microsoft.Playwright;

namespace Kl3m.Benchmarks.Room;

/// <summary>
/// A room of a running app with a teacher and thirty students in real Chromium: what following costs the engine and the server, how soon the teacher's
/// doings arrive, whether every vote counts once, and what those lose whose line is cut. Fails where something is lost.
/// </summary>
internal sealed class RoomCommand(RoomPage teacher, int pid, TextWriter output)
{
    public const string Help = """
        room --url http://127.0.0.1:5080 --pid PID [--students 30] [--cut 10] [--rounds 20] [--tries 3]
          --pid is the app's process, for its CPU time and memory. Needs Chromium at /usr/bin/chromium.
        """;

    private const string Address = "/#prompt=The%20parties%20agree%20that%20&max_tokens=256&n=1&seed=7&ignore_eos=true";
    private const int Speed = 5; // the place of 32 tokens/s among the page's speeds
    private const double TokensPerSecond = 32;

    private readonly List<RoomPage> students = [];
    private string code = "";

    public static async Task<int> RunAsync(IReadOnlyList<string> words)
    {
        var options = words.Chunk(2).ToLookup(pair => pair[0], pair => pair.ElementAtOrDefault(1) ?? "");
        if (options.Any(option => option.Key is not ("--url" or "--pid" or "--students" or "--cut" or "--rounds" or "--tries")) || !options.Contains("--url") || !options.Contains("--pid"))
        {
            Console.Error.WriteLine(Help);
            return 2;
        }
        int Number(string name, int otherwise) => options[name].LastOrDefault() is { } text ? int.Parse(text, CultureInfo.InvariantCulture) : otherwise;
        using var playwright = await Playwright.CreateAsync();
        await using var browser = await playwright.Chromium.LaunchAsync(new()
        {
            ExecutablePath = "/usr/bin/chromium",
            Args = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
        });
        Assertions.SetDefaultExpectTimeout(120_000);
        var app = new Uri(options["--url"].Last());
        var room = new RoomCommand(await RoomPage.OpenAsync(browser, app, Address, 1440, 900), Number("--pid", 0), Console.Out);
        await room.RunAsync(browser, app, Number("--students", 30), Number("--cut", 10), Number("--rounds", 20), Number("--tries", 3));
        return 0;
    }

    private async Task RunAsync(IBrowser browser, Uri app, int seats, int cut, int rounds, int tries)
    {
        var start = ServerUse.Of(pid);
        await OpenRoomAsync();
        await Parallel.ForEachAsync(Enumerable.Range(0, seats), new ParallelOptions { MaxDegreeOfParallelism = 3 }, async (_, _) =>
        {
            var student = await RoomPage.OpenAsync(browser, app, $"/join/{code}", 390, 844);
            await student.Page.Locator("button.kp-big:enabled").ClickAsync();
            await student.Page.Locator(".kp-desk").WaitForAsync();
            lock (students)
            {
                students.Add(student);
            }
        });
        await Assertions.Expect(teacher.Page.Locator(".kp-rail-count")).ToHaveTextAsync($"{seats} of {seats}");
        var full = ServerUse.Of(pid);
        Row($"{seats} students joined: memory of the app", $"{full.Resident / 1e6:N0} MB, {(full.Resident - start.Resident) / 1e6:N0} of them since the room was opened");
        await FollowAsync(tries);
        await SpotlightAsync(rounds);
        await VoteAsync(cut, rounds);
        var end = ServerUse.Of(pid);
        Row("the whole lesson: the app's CPU time, memory at its end", $"{(end.Busy - start.Busy).TotalSeconds:N1} s, {end.Resident / 1e6:N0} MB");
    }

    private async Task OpenRoomAsync()
    {
        await LinkAsync("Classroom");
        await ButtonAsync("Open a room");
        await teacher.Page.Locator(".kp-rail-code").WaitForAsync();
        code = teacher.Page.Url.Split('/')[^1];
    }

    /// <summary>The same run at 32 tokens a second, seen by nobody and by everybody in turns.</summary>
    private async Task FollowAsync(int tries)
    {
        var (alone, followed, shares) = (new List<Cost>(), new List<Cost>(), new List<double>());
        for (var i = 0; i <= tries; i++)
        {
            await LinkAsync("Playground");
            var without = await WriteAsync([]);
            await ButtonAsync("Show this page to the class");
            var with = await WriteAsync(students);
            await LinkAsync("Back to the class");
            await ButtonAsync("Clear");
            if (i > 0) // the first is warm-up
            {
                alone.Add(without);
                followed.Add(with);
                shares.Add(with.Share - without.Share);
            }
        }
        Row("one run of 256 tokens: steps and tokens of the engine, no follower", string.Join(", ", alone.Select(cost => $"{cost.Steps:N0}/{cost.Tokens:N0}").Distinct()));
        Row($"  the same with {students.Count} followers (equal)", string.Join(", ", followed.Select(cost => $"{cost.Steps:N0}/{cost.Tokens:N0}").Distinct()));
        Row($"  the app's share of a core at {TokensPerSecond:N0} tokens/s: none, {students.Count}", $"{Median(alone.Select(cost => cost.Share)):P1}, {Median(followed.Select(cost => cost.Share)):P1}");
        Row("  more by following (20 % or less)", $"{Median(shares):P1} (of {tries}: {string.Join(", ", shares.Select(share => share.ToString("P1", CultureInfo.InvariantCulture)))})");
    }

    private async Task<Cost> WriteAsync(IReadOnlyList<RoomPage> followers)
    {
        var before = await teacher.MetricsAsync();
        await ButtonAsync("Step");
        var speed = teacher.Page.GetByLabel("Speed", new() { Exact = true });
        await speed.FillAsync(Speed.ToString(CultureInfo.InvariantCulture));
        var use = ServerUse.Of(pid);
        await teacher.Page.Locator(".kp-pace-play").ClickAsync();
        await Assertions.Expect(teacher.Page.Locator(".kp-pace-words")).ToContainTextAsync("At its end");
        var shown = await teacher.Page.Locator(".kp-tokens .kp-t").CountAsync();
        await Task.WhenAll(followers.Select(student => Assertions.Expect(student.Page.Locator(".kp-tokens .kp-t")).ToHaveCountAsync(shown)));
        var busy = ServerUse.Of(pid).Busy - use.Busy;
        var after = await teacher.MetricsAsync();
        double Grown(string name) => after[name] - before.GetValueOrDefault(name);
        var tokens = Grown("kl3m_engine_generated_tokens_total");
        return new(Grown("kl3m_engine_step_duration_seconds_count"), tokens, busy.TotalSeconds / (tokens / TokensPerSecond));
    }

    private async Task SpotlightAsync(int rounds)
    {
        await LinkAsync("Playground");
        await ButtonAsync("Show this page to the class");
        var delays = new List<double>();
        var use = ServerUse.Of(pid);
        for (var round = 0; round < rounds; round++)
        {
            var place = 10 + round * 3 % 60;
            await teacher.Page.Locator(".kp-tokens .kp-t").Nth(place).ClickAsync();
            var pressed = await teacher.PressedAsync();
            var shown = await teacher.SeenAsync(pressed);
            delays.AddRange(await Task.WhenAll(students.Select(async student => await student.SeenAsync(shown, pressed) - pressed)));
        }
        RowOfDelays("a token in the spotlight, press to picture", delays);
        Row("  the app's CPU time for one, all pages together", $"{(ServerUse.Of(pid).Busy - use.Busy).TotalMilliseconds / rounds:N0} ms");
        await LinkAsync("Back to the class");
    }

    private async Task VoteAsync(int cut, int rounds)
    {
        string[] words = ["Delaware", "New York", "California", "the", "Texas"];
        string Word(int student) => words[student % words.Length];
        await ButtonAsync("What comes next?");
        await ButtonAsync("Ask the class");
        await Task.WhenAll(students.Select(student => student.Page.Locator(".kp-vote-own").WaitForAsync()));

        var delays = new List<double>();
        for (var round = 0; round < rounds; round++)
        {
            await teacher.Page.Keyboard.PressAsync("v");
            var pressed = await teacher.PressedAsync();
            delays.AddRange(await Task.WhenAll(students.Select(async student => await student.SeenAsync(round % 2 == 0 ? "closed" : "open", pressed) - pressed)));
        }
        if (rounds % 2 == 1)
        {
            await teacher.Page.Keyboard.PressAsync("v");
        }
        RowOfDelays("voting closed or opened, key to picture", delays);

        // Half of those who are cut have voted, the others have typed and not sent.
        var (lost, there) = (students[..cut], students[cut..]);
        await Task.WhenAll(lost.Select((student, i) => i % 2 == 0 ? student.VoteAsync(Word(i)) : student.Page.Locator(".kp-vote-own").FillAsync(Word(i))));
        await Task.WhenAll(lost.Select(student => student.CutAsync()));
        await Task.WhenAll(there.Select((student, i) => student.VoteAsync(Word(i))));
        await Task.WhenAll(there.Take(5).Select(student => student.VoteAsync("Nevada")));
        var counted = there.Count + (cut + 1) / 2;
        await Assertions.Expect(teacher.Page.Locator(".kp-rail-count")).ToHaveTextAsync($"{counted} of {students.Count}");
        var clock = Stopwatch.StartNew();
        await Task.WhenAll(lost.Select(student => student.MendAsync()));
        await Task.WhenAll(lost.Select(async (student, i) =>
        {
            await Assertions.Expect(student.Page.Locator("#components-reconnect-modal")).Not.ToBeVisibleAsync();
            await Assertions.Expect(student.Page.Locator(".kp-vote-own")).ToHaveValueAsync(Word(i));
            if (i % 2 == 0)
            {
                await student.VotedAsync(Word(i));
            }
            else
            {
                await student.Page.Locator(".kp-desk-go").ClickAsync();
                await student.VotedAsync(Word(i));
            }
        }));
        await Assertions.Expect(teacher.Page.Locator(".kp-rail-count")).ToHaveTextAsync($"{students.Count} of {students.Count}");
        Row($"{cut} cut and back in the middle of a vote", $"nothing lost, all voted {clock.Elapsed.TotalSeconds:N1} s after their line was there again");
        await teacher.Page.Keyboard.PressAsync("r");
        await Assertions.Expect(teacher.Page.Locator(".kp-mirror")).ToContainTextAsync("drawn");
        var votes = (await teacher.Page.Locator(".kp-mirror-votes b").AllTextContentsAsync()).Sum(text => int.TryParse(text, CultureInfo.InvariantCulture, out var count) ? count : 0);
        Row("votes counted, students", votes == students.Count ? $"{votes}, {students.Count}" : throw new InvalidOperationException($"{votes} votes of {students.Count} students."));
    }

    private Task ButtonAsync(string name) => teacher.Page.GetByRole(AriaRole.Button, new() { Name = name, Exact = true }).ClickAsync();

    private Task LinkAsync(string name) => teacher.Page.GetByRole(AriaRole.Link, new() { Name = name, Exact = true }).ClickAsync();

    private void Row(string what, string value) => output.WriteLine($"{what,-66} {value}");

    private void RowOfDelays(string what, List<double> delays)
    {
        delays.Sort();
        Row($"{what}, {delays.Count:N0} times", $"median {delays[delays.Count / 2]:N0} ms, 95 % within {delays[delays.Count * 95 / 100]:N0} ms (300 or less), at most {delays[^1]:N0} ms");
    }

    private static double Median(IEnumerable<double> values) => values.Order().ToList() is var sorted ? sorted[sorted.Count / 2] : 0;

    /// <param name="Share">Of a core, at <see cref="TokensPerSecond"/>.</param>
    private sealed record Cost(double Steps, double Tokens, double Share);
}
