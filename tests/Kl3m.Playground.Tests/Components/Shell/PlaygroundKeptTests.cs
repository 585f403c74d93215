using Kl3m.Inference;
using Kl3m.Playground.Runs;
using Kl3m.Playground.Tests.Components.Shared;
using Kl3m.Tests.Shared;

namespace Kl3m.Playground.Tests.Components.Shell;

public sealed class PlaygroundKeptTests
{
    [Fact]
    public async Task A_link_brings_prompt_settings_and_seed_and_does_not_run()
    {
        await using var fixture = new StateFixture(new FakeTextGenerator());
        fixture.State.Open("http://localhost/#prompt=The%20term%20&temperature=0.2&max_tokens=9&n=2&seed=77");
        Assert.Equal(("The term ", 0.2f, 9, 2, 77UL, false), (fixture.State.Prompt, fixture.State.Sampling.Temperature, fixture.State.Sampling.MaxTokens, fixture.State.Sampling.Sequences, fixture.State.Sampling.Seed, fixture.State.NewSeedEachTime));
        Assert.Null(fixture.State.Run);
        Assert.Empty(fixture.State.Refused);
        fixture.State.Undo();
        Assert.Equal("Under this", fixture.State.Prompt);
    }

    [Fact]
    public async Task A_bad_link_is_told_and_the_page_goes_on()
    {
        await using var fixture = new StateFixture(new FakeTextGenerator());
        fixture.State.Open("http://localhost/#prompt=x&temperature=hot&temper=1");
        Assert.Equal(["In the link, temper is not known here; “Copy link” shows what is.", "In the link, temperature must be a number, not “hot”."], fixture.State.Refused);
        Assert.Equal("x", fixture.State.Prompt);
        await fixture.State.GenerateAsync();
        Assert.Equal(RunStatus.Done, fixture.State.Run!.Status);
    }

    [Fact]
    public async Task A_receipt_shown_elsewhere_is_the_same_run_and_replays()
    {
        await using var fixture = new StateFixture(new FakeTextGenerator());
        await fixture.State.GenerateAsync();
        var bytes = ReceiptJson.Write(await fixture.State.Kept.ReceiptAsync(DateTimeOffset.UnixEpoch));
        await using var other = new StateFixture(new FakeTextGenerator());
        other.State.Show(ReceiptJson.Read(bytes));
        Assert.Equal(fixture.State.Run!.Sequences.Select(sequence => sequence.Text), other.State.Run!.Sequences.Select(sequence => sequence.Text));
        Assert.Equal(fixture.State.Run.Seed, other.State.Sampling.Seed);
        Assert.False(other.State.IsForeign);
        await other.State.ReplayAsync();
        Assert.Equal("Replayed: all 96 tokens agree, bit for bit.", Assert.Single(other.State.Replays.Words).Sentence);
    }

    [Fact]
    public async Task A_branch_is_kept_with_what_it_left_and_both_replay()
    {
        await using var fixture = new StateFixture(new FakeTextGenerator());
        await fixture.State.GenerateAsync();
        await fixture.State.TakeAsync(new(1, 4), 260);
        var kept = fixture.State.Kept;
        Assert.Equal(["This branch", "What it left"], kept.Runs.Select(run => run.Name));
        var receipt = ReceiptJson.Read(ReceiptJson.Write(await kept.ReceiptAsync(DateTimeOffset.UnixEpoch)));
        Assert.Equal(5, receipt.Runs[0].CompletionTokenIds.Count);
        await using var other = new StateFixture(new FakeTextGenerator());
        other.State.Show(receipt);
        Assert.Equal(fixture.State.Run!.Sequences[1].Text, other.State.Run!.Sequences[0].Text);
        await fixture.State.ReplayAsync();
        await other.State.ReplayAsync();
        Assert.All(fixture.State.Replays.Words.Concat(other.State.Replays.Words), words => Assert.True(words.Agrees, words.Sentence));
    }

    [Fact]
    public async Task A_receipt_of_a_model_that_is_not_here_is_read_and_says_why_it_cannot_be_replayed()
    {
        var receipt = await ReceiptOfRun.MakeAsync([(await TestRun.WholeAsync(maxTokens: 5), TestRun.Generator)], DateTimeOffset.UnixEpoch);
        await using var fixture = new StateFixture(new FakeTextGenerator { Model = new FakeTextGenerator().Model with { Id = "other" } });
        fixture.State.Show(receipt);
        Assert.True(fixture.State.IsForeign);
        var first = receipt.Runs[0].Sequences[0].Tokens[0].Id;
        Assert.Equal(TestRun.Generator.Describe(first).Bytes.ToArray(), fixture.State.RunGenerator!.Describe(first).Bytes.ToArray());
        await fixture.State.ReplayAsync();
        var words = Assert.Single(fixture.State.Replays.Words);
        Assert.False(words.Agrees);
        Assert.Equal("This was written by fake, which is not loaded here; other splits text into other tokens.", words.Sentence);
    }

    [Fact]
    public async Task Tables_and_text_of_hostile_receipts_are_inert()
    {
        var receipt = await ReceiptOfRun.MakeAsync([(await TestRun.WholeAsync(maxTokens: 3), TestRun.Generator)], DateTimeOffset.UnixEpoch);
        foreach (var text in HostileTexts.All(500))
        {
            var run = receipt.Runs[0];
            var hostile = receipt with { Runs = [run with { Prompt = text, Model = run.Model with { Id = text }, Sequences = [run.Sequences[0] with { Tokens = [.. run.Sequences[0].Tokens.Select(token => token with { Text = text })] }] }] };
            var rows = ReceiptCsv.Write(hostile).Split("\r\n", StringSplitOptions.RemoveEmptyEntries);
            Assert.Equal(4, rows.Length);
            Assert.All(rows.Skip(1), row => Assert.StartsWith("1,\"\"\"", row, StringComparison.Ordinal));
            var html = Kl3m.Playground.Components.Shared.SafeMarkdown.ToHtml(ReceiptMarkdown.Write(hostile));
            Assert.DoesNotContain("<script", html, StringComparison.OrdinalIgnoreCase);
            Assert.DoesNotContain("<img", html, StringComparison.OrdinalIgnoreCase);
            Assert.DoesNotContain("\u202E", html, StringComparison.Ordinal);
            // Two fences, of the prompt and of the text: neither ends early.
            Assert.Equal(2, html.Split("<pre>").Length - 1);
        }
    }
}
