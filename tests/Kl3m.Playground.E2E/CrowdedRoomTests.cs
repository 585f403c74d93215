using System.Globalization;
using Kl3m.Playground.Backends;
using Kl3m.Playground.Tests.Remote;
using Microsoft.Playwright;

namespace Kl3m.Playground.E2E;

/// <summary>A teacher and thirty students in one room, each with a browser and a circuit of their own.</summary>
public sealed class CrowdedRoomTests
{
    private const int TokensPerSecond = 30;
    private const int Tokens = 300;
    private const int Rounds = 3;

    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(1);

    /// <summary>
    /// Needs a machine that does nothing else: <c>KL3M_MEASURE=1 Kl3m.Playground.E2E -class "*CrowdedRoomTests"</c>; with another number above 1, that
    /// many students. Writes crowded-room.txt beside the program.
    /// </summary>
    [Fact]
    public async Task Thirty_students_vote_once_each_see_what_the_teacher_does_and_lose_nothing_when_their_line_is_cut()
    {
        Assert.SkipUnless(Environment.GetEnvironmentVariable("KL3M_MEASURE") is not null, "measures a quiet machine; KL3M_MEASURE=1 runs it");
        Assert.SkipUnless(ChromiumBrowser.IsInstalled, ChromiumBrowser.Missing);
        Assertions.SetDefaultExpectTimeout((float)Limit.TotalMilliseconds);
        var students = int.TryParse(Environment.GetEnvironmentVariable("KL3M_MEASURE"), CultureInfo.InvariantCulture, out var asked) && asked > 1 ? asked : 30;
        await using var paced = new PacedServer(TimeSpan.FromSeconds(1.0 / TokensPerSecond));
        await using var app = await PlaygroundApp.StartAsync(
            $"--Remotes:0:Url={paced.Address}", $"--Remotes:0:Model={PacedServer.Model}", "--Remotes:0:Poll=00:00:01",
            $"--Remotes:0:Tokenizer={ModelFolder.BundledPath}");
        paced.App = app.Address;
        await using var browser = await ChromiumBrowser.LaunchAsync();
        using var line = new TcpLine(app.Address.Port);
        var figures = new List<string>();
        await using var room = await CrowdedRoom.OpenAsync(browser, app, figures);
        try
        {
            await room.JoinAsync(students, students / 3, line);
            await AskAndCutAsync(room, line);
            await TeachAsync(room);
            await PresentAsync(room);
        }
        finally
        {
            room.Report();
            await File.WriteAllLinesAsync(Path.Combine(AppContext.BaseDirectory, "crowded-room.txt"), figures, TestContext.Current.CancellationToken);
            TestContext.Current.TestOutputHelper?.WriteLine(string.Join('\n', figures));
        }
        Assert.Empty(room.Complaints);
    }

    /// <summary>Two questions; a third of the class is cut off after the first one's votes, and comes back in the second.</summary>
    private static async Task AskAndCutAsync(CrowdedRoom room, TcpLine line)
    {
        var (t, all) = (room.Teacher, room.Students);
        await t.GetByRole(AriaRole.Button, new() { Name = "What comes next?" }).ClickAsync();
        await room.ActAsync("ask, the model's answer included", all, ".kp-vote", "", () => t.GetByRole(AriaRole.Button, new() { Name = "Ask the class" }).ClickAsync());
        var cost = room.Server.Start();
        await Task.WhenAll(all.Select(student => ClassroomPageTests.VoteAsync(student, "Delaware")));
        var minds = all.Where((_, i) => i % 2 == 1).ToArray();
        await Task.WhenAll(minds.Select(student => ClassroomPageTests.VoteAsync(student, "New York")));
        await VotedAsync(room, all.Count);
        room.Tell($"{all.Count + minds.Length} votes by {all.Count} students at once: {cost.Words}");

        line.Cut();
        await Task.WhenAll(room.Cut.Select(student => Assertions.Expect(student.Locator("#components-reconnect-modal")).ToBeVisibleAsync()));
        await room.ActAsync("close the voting", room.Connected, ".kp-desk", "Voting is closed.", () => t.Keyboard.PressAsync("v"));
        await room.ActAsync("reveal", room.Connected, ".kp-desk-result", "", () => t.Keyboard.PressAsync("r"));
        await Assertions.Expect(t.Locator(".kp-mirror")).ToContainTextAsync("drawn");
        var votes = (await t.Locator(".kp-mirror-votes b").AllInnerTextsAsync()).Select(text => int.Parse(text, CultureInfo.InvariantCulture)).ToArray();
        Assert.Equal(all.Count, votes.Sum());
        Assert.Contains(minds.Length, votes);
        Assert.Contains(all.Count - minds.Length, votes);
        await NextAsync(room, room.Connected, 2);
        await Task.WhenAll(room.Connected.Select(student => ClassroomPageTests.VoteAsync(student, "State")));
        await VotedAsync(room, room.Connected.Count);

        await CrowdedRoom.WatchAsync(room.Cut, ".kp-desk-row", "Question 2");
        var mended = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds();
        line.Mend();
        var back = await room.SeenAsync(room.Cut);
        room.Tell($"{room.Cut.Count} cut off and back: see the class's next question {back.Min() - mended:0} to {back.Max() - mended:0} ms after the line is mended (the browser's pauses between tries included)");
        await Task.WhenAll(room.Cut.Select(student => ClassroomPageTests.VoteAsync(student, "State")));
        await VotedAsync(room, all.Count);
        await room.ActAsync("reveal", all, ".kp-desk-result", "", () => t.Keyboard.PressAsync("r"));
        // Both votes of everybody were counted, and once.
        await Task.WhenAll(all.Select(student => Assertions.Expect(student.Locator(".kp-desk-result")).ToContainTextAsync("over 2 guesses")));
        room.Tell($"votes: {all.Count} of {all.Count} counted once in both questions, {minds.Length} changed, {room.Cut.Count} students cut off in between");
    }

    private static async Task TeachAsync(CrowdedRoom room)
    {
        var (t, all) = (room.Teacher, room.Students);
        var cost = room.Server.Start();
        for (var question = 3; question < 3 + Rounds; question++)
        {
            await NextAsync(room, all, question);
            await room.ActAsync("close the voting", all, ".kp-desk", "Voting is closed.", () => t.Keyboard.PressAsync("v"));
            await room.ActAsync("open the voting", all, ".kp-desk", "You can change it", () => t.Keyboard.PressAsync("v"));
            await room.ActAsync("reveal", all, ".kp-desk-result", "", () => t.Keyboard.PressAsync("r"));
        }
        await t.GetByRole(AriaRole.Button, new() { Name = "Sampler game" }).ClickAsync();
        await room.ActAsync("start the game, the model's answer included", all, ".kp-desk-title", "Throw your dart", () => t.GetByRole(AriaRole.Button, new() { Name = "Start the game" }).ClickAsync());
        for (var thrown = 30; thrown <= 30 * Rounds; thrown += 30)
        {
            await room.ActAsync("30 darts", all, ".kp-game + p", $"{thrown} darts", () => t.GetByRole(AriaRole.Button, new() { Name = "The class samples" }).ClickAsync());
        }
        await room.ActAsync("clear", all, ".kp-desk-title", "You are in", () => ClearAsync(t));
        room.Tell($"the teacher at work without a pause: {cost.Words}");
    }

    /// <summary>The same generation with nobody looking and with everybody, by turns.</summary>
    private static async Task PresentAsync(CrowdedRoom room)
    {
        var (t, all) = (room.Teacher, room.Students);
        await PlaygroundAsync(t);
        await t.Locator(".kp-model-pick select").SelectOptionAsync(PacedServer.Model);
        await t.SetAsync("MaxTokens", Tokens.ToString(CultureInfo.InvariantCulture));
        await t.SetAsync("Sequences", "1");
        await t.SetAsync("Temperature", "0");
        await GenerateAsync(t); // compiles, and fills the engine's memory of prompts
        var (alone, followed) = (new List<GenerationCost>(), new List<GenerationCost>());
        for (var round = 0; round < 2; round++)
        {
            alone.Add(await room.MeasureAsync(() => GenerateAsync(t)));
            await room.ActAsync("present the playground", all, ".kp-presented", "", () => t.GetByRole(AriaRole.Button, new() { Name = "Show this page to the class" }).ClickAsync());
            followed.Add(await room.MeasureAsync(() => GenerateAsync(t)));
            var text = await t.Locator(".kp-tokens").First.TextContentAsync() ?? "";
            await Task.WhenAll(all.Select(student => Assertions.Expect(student.Locator(".kp-tokens").First).ToHaveAttributeAsync("aria-busy", "false")));
            foreach (var student in all)
            {
                Assert.Equal(text, await student.Locator(".kp-tokens").First.TextContentAsync());
            }
            foreach (var at in new[] { 3, 5, 8 })
            {
                await room.ActAsync("spotlight on a token", all, ".kp-presented-token", $"Token {at + 1}", () => t.Locator(".kp-tokens").First.Locator(".kp-t").Nth(at).ClickAsync());
            }
            await t.GetByRole(AriaRole.Link, new() { Name = "Back to the class" }).ClickAsync();
            await Assertions.Expect(t.Locator(".kp-rail-code")).ToBeVisibleAsync(); // the playground has a Clear of its own
            await room.ActAsync("clear", all, ".kp-desk-title", "You are in", () => ClearAsync(t));
            await PlaygroundAsync(t);
        }
        foreach (var (name, costs) in new[] { ("nobody follows", alone), ($"{all.Count} follow", followed) })
        {
            room.Tell($"generation, {name}: " + string.Join("; ", costs.Select(cost => cost.Words)));
        }
        var extra = followed.Average(cost => cost.Share) - alone.Average(cost => cost.Share);
        room.Tell(string.Create(CultureInfo.InvariantCulture, $"{all.Count} followers cost the server {extra:P1} of a core more (goal: under 20 % at {TokensPerSecond} tokens/s)"));
        Assert.All(followed, cost => Assert.Equal((alone[0].Steps, alone[0].Tokens), (cost.Steps, cost.Tokens)));
    }

    private static Task NextAsync(CrowdedRoom room, IReadOnlyList<IPage> seenBy, int question) => room.ActAsync(
        "next question, the model's answer included", seenBy, ".kp-desk-row", $"Question {question}", () => room.Teacher.Keyboard.PressAsync("n"));

    private static Task VotedAsync(CrowdedRoom room, int count) =>
        Assertions.Expect(room.Teacher.Locator(".kp-rail-count")).ToHaveTextAsync($"{count} of {room.Students.Count}");

    private static async Task ClearAsync(IPage teacher)
    {
        await teacher.GetByRole(AriaRole.Button, new() { Name = "Clear", Exact = true }).ClickAsync();
        await teacher.GetByRole(AriaRole.Button, new() { Name = "Clear all" }).ClickAsync();
    }

    private static async Task PlaygroundAsync(IPage teacher)
    {
        await teacher.GetByRole(AriaRole.Link, new() { Name = "Playground", Exact = true }).ClickAsync();
        await Assertions.Expect(teacher.Locator(".kp-generate")).ToBeVisibleAsync();
    }

    private static async Task GenerateAsync(IPage teacher)
    {
        await teacher.Locator(".kp-generate").ClickAsync();
        await Assertions.Expect(teacher.Locator(".kp-tokens[aria-busy=true]")).ToHaveCountAsync(1);
        await Assertions.Expect(teacher.Locator(".kp-tokens[aria-busy=true]")).ToHaveCountAsync(0);
        await Assertions.Expect(teacher.Locator(".kp-card").First).ToContainTextAsync("Done");
    }
}
