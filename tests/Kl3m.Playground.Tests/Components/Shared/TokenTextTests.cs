using System.Text.Json;
using Kl3m.Inference;
using Kl3m.Playground.Components.Shared;
using Kl3m.Playground.Runs;

namespace Kl3m.Playground.Tests.Components.Shared;

public sealed class TokenTextTests
{
    [Fact]
    public async Task Every_token_is_sent_once_and_the_end_with_the_last()
    {
        var run = TestRun.New(sequences: 2, maxTokens: 40);
        using var browser = new FakeBrowser();
        await using var text = await browser.AttachAsync(run);
        await foreach (var happened in TestRun.Generator.GenerateAsync(run.Request))
        {
            run.Record(happened);
            await text.PushAsync();
        }
        await text.PushAsync();
        Assert.Equal(run.Sequences.Select(sequence => sequence.Text), browser.Texts);
        Assert.Equal([1, 1], browser.Ends);
        Assert.Equal(80, browser.Received);
    }

    [Fact]
    public async Task A_long_finished_run_comes_in_bounded_calls()
    {
        var run = TestRun.New(maxTokens: 3000);
        for (var i = 0; i < 3000; i++)
        {
            run.Record(TestRun.Letter(i, 'a'));
        }
        run.Cancel();
        using var browser = new FakeBrowser();
        await using var text = await browser.AttachAsync(run);
        await text.PushAsync();
        Assert.Equal([TokenText.MostPerCall, TokenText.MostPerCall, 3000 - 2 * TokenText.MostPerCall], browser.Calls);
        Assert.Equal(new string('a', 3000), browser.Texts[0]);
    }

    [Fact]
    public async Task Tokens_that_got_lost_are_sent_again_from_where_the_browser_stands()
    {
        var run = TestRun.New();
        using var browser = new FakeBrowser { LoseCalls = 1 };
        await using var text = await browser.AttachAsync(run);
        run.Record(TestRun.Letter(0, 'a'));
        await text.PushAsync();
        run.Record(TestRun.Letter(1, 'b'));
        browser.AnswerLost = 1;
        await text.PushAsync();
        run.Record(TestRun.Letter(2, 'c'));
        run.Cancel();
        await text.PushAsync();
        Assert.Equal("abc", browser.Texts[0]);
        Assert.Equal(1, browser.Ends[0]);
    }

    [Fact]
    public async Task A_browser_that_lost_its_text_gets_it_from_the_beginning()
    {
        var run = TestRun.New();
        using var browser = new FakeBrowser();
        await using var text = await browser.AttachAsync(run);
        run.Record(TestRun.Letter(0, 'a'));
        await text.PushAsync();
        browser.Forget();
        run.Record(TestRun.Letter(1, 'b'));
        await text.PushAsync();
        await text.PushAsync();
        Assert.Equal("ab", browser.Texts[0]);
    }

    [Fact]
    public async Task A_closed_page_is_no_error()
    {
        var run = TestRun.New();
        using var browser = new FakeBrowser { Gone = true };
        var text = await browser.AttachAsync(run);
        run.Record(TestRun.Letter(0, 'a'));
        await text.PushAsync();
        await text.SelectAsync(new(0, 0), reveal: false);
        await text.DisposeAsync();
    }

    [Fact]
    public void A_plain_token_travels_without_parts_and_with_all_that_the_popover_says()
    {
        var token = new TokenGenerated(0, 0, "A", TestRun.Score('A', 0.227, 0.261, 2), TestRun.Free(0.261));
        var json = JsonSerializer.Serialize(DrawnToken.From(token, TestRun.Generator));
        Assert.Equal("""{"t":"A","l":"A, 22.7 percent, rank 2","b":2,"k":2,"r":"22.7%","f":"26.1%","n":"2","s":"2.14"}""", json);
    }

    [Fact]
    public void White_space_bytes_and_special_tokens_travel_as_parts()
    {
        DrawnToken Draw(string text, int id) => DrawnToken.From(new(0, 0, text, TestRun.Score(id, 0.5, 0.5), TestRun.Free(0.5)), TestRun.Generator);
        Assert.Null(Draw(" ", ' ').Parts);
        Assert.Equal(["s⏎×2", "n⏎⏎"], Draw("\n\n", 272).Parts);
        Assert.Equal(["x<|end|>"], Draw("", 256).Parts);
        Assert.Equal(["h‹E2›"], Draw("", 0xE2).Parts);
    }

    [Fact]
    public void What_ended_a_sequence_is_said_behind_it()
    {
        string? Mark(SequenceFinished? end, Action<Run>? then = null, params GenerationEvent[] events)
        {
            var run = TestRun.New();
            foreach (var happened in events)
            {
                run.Record(happened);
            }
            if (end is not null)
            {
                run.Record(end);
            }
            then?.Invoke(run);
            return Ending.Of(run, run.Sequences[0], TestRun.Generator)?.Text;
        }
        var end = new TokenGenerated(0, 0, "", TestRun.Score(256, 0.5, 0.5), TestRun.Free(0.5));
        Assert.Null(Mark(new(0, FinishReason.Stop, StopTokenId: 256), null, end));
        Assert.Equal("<|end|>", Mark(new(0, FinishReason.Stop, StopTokenId: 256)));
        Assert.Equal("stop: ⏎×2", Mark(new(0, FinishReason.Stop, StopText: "\n\n")));
        Assert.Equal("max tokens", Mark(new(0, FinishReason.Length)));
        Assert.Equal("stopped", Mark(null, run => run.Cancel()));
        Assert.Equal("failed here", Mark(null, run => run.Fail(new EngineFailedException("x")), TestRun.Letter(0, 'a')));
    }
}
