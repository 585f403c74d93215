using Kl3m.Inference.Engine;
using Kl3m.Tests.Shared;

namespace Kl3m.Inference.Tests.Engine;

/// <summary>What one request has read, another need not read. That it changes no text is the matter of <see cref="ReproducibilityTests"/> and the fake runner.</summary>
public sealed class PrefixTests
{
    private static readonly string Prompt = new('p', 100);

    [Fact]
    public async Task The_same_prompt_under_other_settings_is_read_once()
    {
        await using var engine = await TestEngine.StartAsync();
        await engine.RunAsync(Request(Prompt));
        await engine.RunAsync(Request(Prompt) with { Sampling = new() { MaxTokens = 1, Sequences = 3, Seed = 9 } });
        Assert.Equal([100, 1], Read(engine));
    }

    [Fact]
    public async Task A_prompt_with_a_text_of_ones_own_behind_it_is_read_from_there_on()
    {
        await using var engine = await TestEngine.StartAsync();
        await engine.RunAsync(Request(Prompt));
        await engine.RunAsync(Request(Prompt + "own words"));
        Assert.Equal([100, 9], Read(engine));
    }

    [Fact]
    public async Task A_text_that_goes_on_is_not_read_again()
    {
        await using var engine = await TestEngine.StartAsync();
        var request = Request(Prompt, maxTokens: 20);
        var written = (await engine.RunAsync(request)).Tokens().Select(token => token.Score.TokenId).ToArray();
        await engine.RunAsync(request with { CompletionTokenIds = written, Sampling = request.Sampling with { MaxTokens = 1 } });
        // The last token was drawn, but never read.
        Assert.Equal([100, .. Enumerable.Repeat(1, 19), 1], Read(engine));
    }

    [Fact]
    public async Task A_class_that_sends_one_prompt_at_the_same_time_reads_it_once()
    {
        using var gate = new StepGate();
        await using var engine = await TestEngine.StartAsync(() => new() { BeforeStep = _ => gate.Wait() }, new() { TokenBudget = 32 });
        gate.Close();
        var first = engine.RunAsync(Request(Prompt));
        await gate.ReachedAsync();
        var others = Enumerable.Range(0, 29).Select(i => engine.RunAsync(Request(Prompt + (char)('a' + i % 20)))).ToList();
        while (engine.Engine.Waiting < 29)
        {
            await Task.Yield();
        }
        gate.Open();
        await Task.WhenAll([first, .. others]);
        Assert.Equal(100 + 29, Read(engine).Sum());
    }

    [Fact]
    public async Task Who_waits_for_a_reader_that_leaves_reads_by_itself()
    {
        using var gate = new StepGate();
        await using var engine = await TestEngine.StartAsync(() => new() { BeforeStep = _ => gate.Wait() }, new() { TokenBudget = 32, MaxPrefixes = 0 });
        gate.Close();
        using var leave = new CancellationTokenSource();
        var reader = engine.RunAsync(Request(Prompt), leave.Token);
        await gate.ReachedAsync();
        var follower = engine.RunAsync(Request(Prompt));
        while (engine.Engine.Waiting < 1)
        {
            await Task.Yield();
        }
        gate.Pass();
        await gate.ReachedAsync();
        await leave.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => reader);
        gate.Open();
        Assert.IsType<GenerationFinished>((await follower)[^1]);
        Assert.Equal([32, 32, 32, 32, 32, 4], Read(engine));
        await engine.Runner.AllReleased();
    }

    [Fact]
    public async Task What_is_kept_makes_room_for_who_needs_it()
    {
        await using var engine = await TestEngine.StartAsync(() => new() { Room = 250 });
        await engine.RunAsync(Request(Prompt));
        await engine.RunAsync(Request(new string('q', 100)));
        await engine.Runner.AllReleased();
        Assert.Equal(200, engine.Runner.BlocksUsed);
        await engine.RunAsync(Request(new string('r', 200)));
        await engine.RunAsync(Request(Prompt));
        Assert.Equal([100, 100, 128, 72, 100], Read(engine));
    }

    [Fact]
    public async Task The_beginning_that_is_used_stays_and_the_one_of_long_ago_goes()
    {
        await using var engine = await TestEngine.StartAsync(options: new() { MaxPrefixes = 2 });
        foreach (var letter in "abacb")
        {
            await engine.RunAsync(Request(new string(letter, 50)));
        }
        Assert.Equal([50, 50, 1, 50, 50], Read(engine));
    }

    [Fact]
    public async Task What_a_failed_step_has_left_is_not_handed_on()
    {
        var failed = false;
        await using var engine = await TestEngine.StartAsync(() => new() { BeforeStep = step => FailOnce(step[0].Start == 100) }, new() { TokenBudget = 64 });
        await Assert.ThrowsAsync<EngineFailedException>(() => engine.RunAsync(Request(Prompt, maxTokens: 20)));
        await engine.RunAsync(Request(Prompt));
        Assert.Equal([64, 36, 64, 36], Read(engine));

        void FailOnce(bool now)
        {
            if (now && !failed)
            {
                failed = true;
                throw new InvalidOperationException("no luck");
            }
        }
    }

    [Fact]
    public async Task A_prompt_that_is_to_be_scored_is_read_whole()
    {
        await using var engine = await TestEngine.StartAsync();
        await engine.RunAsync(Request(Prompt));
        var scored = await engine.RunAsync(Request(Prompt) with { ScorePrompt = true });
        Assert.Equal([100, 100], Read(engine));
        Assert.Equal(100, scored.OfType<PromptScored>().Single().Tokens.Count);
    }

    /// <summary>One token of it is drawn behind the prompt, so that all steps are reading.</summary>
    private static GenerationRequest Request(string prompt, int maxTokens = 1) =>
        TestEngine.Request(prompt) with { Sampling = new() { MaxTokens = maxTokens, Seed = 1, StopAtEnd = false } };

    private static IEnumerable<int> Read(TestEngine engine) => engine.Steps.SelectMany(step => step).Select(chunk => chunk.TokenIds.Length);
}
