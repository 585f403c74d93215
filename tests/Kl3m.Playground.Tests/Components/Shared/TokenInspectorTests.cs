using Bunit;
using Kl3m.Inference;
using Kl3m.Playground.Components.Shared;
using Kl3m.Playground.Runs;

namespace Kl3m.Playground.Tests.Components.Shared;

public sealed class TokenInspectorTests : ComponentContext
{
    [Fact]
    public void It_says_every_number_of_the_token_as_text()
    {
        var view = Show(Delaware());
        Assert.Equal("Token 1", view.Find("h2").TextContent);
        Assert.Equal("Delaware", view.Find(".kp-token").TextContent);
        Assert.Contains("8 bytes, 10 to 50% (dotted)", view.Markup, StringComparison.Ordinal);
        Assert.Equal("44 65 6C 61 77 61 72 65", view.Find(".kp-bytes").TextContent);
        Assert.Equal(["raw 22.7%", "final 26.1%", "rank 2", "dart u 0.7641", "surprisal 2.14 bits", "entropy here 3.15 bits"], view.FindAll(".kp-facts > div").Select(Words));
        Assert.Equal("The draw u = 0.7641 fell on Delaware (0.6110 to 0.8720)", Words(view.Find(".kp-draw p")));
        Assert.Contains("0.7641", view.Find(".kp-ruler").GetAttribute("aria-label"), StringComparison.Ordinal);
    }

    [Fact]
    public void Its_rows_show_both_shares_what_cut_them_and_the_rest()
    {
        var view = Show(Delaware());
        var rows = view.FindAll("tbody tr").Select(Words).ToList();
        Assert.Equal(["1 A 41.2% 61.1%", "2 Delaware 22.7% 26.1%", "3 C cut by top-p 9.8% cut"], rows);
        Assert.Equal("true", view.FindAll("tbody tr")[1].GetAttribute("aria-current"));
        Assert.Equal($"The rest: {Numbers.Count(TestRun.Generator.Model.VocabularySize - 3)} tokens 26.3% 12.8%", Words(view.Find("tfoot tr")));
        Assert.Equal("width:41.2%", view.Find("tbody .kp-axis .kp-raw").GetAttribute("style"));
    }

    [Fact]
    public void Greedy_is_said_in_words()
    {
        var run = TestRun.New();
        run.Record(new TokenGenerated(0, 0, "a", TestRun.Score('a', 0.6, 1, 1, TestRun.Likely('a', 0.6, 1)), new([new(SamplingStage.Raw, 0, 273, 1, 1)], null, 0, 1, 1)));
        var view = Show(run);
        Assert.Contains("Temperature 0 is greedy", view.Markup, StringComparison.Ordinal);
        Assert.Empty(view.FindAll(".kp-ruler"));
    }

    [Fact]
    public void It_moves_within_what_was_written()
    {
        var run = TestRun.New();
        run.Record(TestRun.Letter(0, 'a'));
        run.Record(TestRun.Letter(1, 'b'));
        SelectedToken? moved = null;
        var view = Show(run, token => moved = token);
        Assert.True(view.Find("[aria-label='Previous token']").HasAttribute("disabled"));
        view.Find("[aria-label='Next token']").Click();
        Assert.Equal(new(0, 1), moved);
        view.Render(parameters => parameters.Add(inspector => inspector.Token, moved));
        Assert.True(view.Find("[aria-label='Next token']").HasAttribute("disabled"));
        Assert.Equal("b", view.Find(".kp-token").TextContent);
    }

    [Fact]
    public void A_token_that_is_not_there_is_no_error() =>
        Assert.Contains("Press a token", Render<TokenInspector>(parameters => parameters.Add(inspector => inspector.Run, TestRun.New())
            .Add(inspector => inspector.Generator, TestRun.Generator).Add(inspector => inspector.Token, new SelectedToken(3, 9))).Markup, StringComparison.Ordinal);

    private static Run Delaware()
    {
        const int Id = 266; // "Delaware" in the fake's vocabulary
        var run = TestRun.New();
        var score = TestRun.Score(Id, 0.227, 0.261, 2, TestRun.Likely('A', 0.412, 0.611), new(Id, MathF.Log(0.227f), MathF.Log(0.261f), null), TestRun.Likely('C', 0.098, 0, SamplingStage.TopP));
        run.Record(new TokenGenerated(0, 0, "Delaware", score, new([new(SamplingStage.Raw, 0, 273, 1, 3.15), new(SamplingStage.TopP, 0.95f, 5, 0.959, null)], 0.7641, 0.611, 0.872, 5)));
        return run;
    }

    private IRenderedComponent<TokenInspector> Show(Run run, Action<SelectedToken>? moved = null) =>
        Render<TokenInspector>(parameters => parameters.Add(inspector => inspector.Run, run).Add(inspector => inspector.Generator, TestRun.Generator)
            .Add(inspector => inspector.Token, new SelectedToken(0, 0)).Add(inspector => inspector.OnMove, token => moved?.Invoke(token)));

    private static string Words(AngleSharp.Dom.IElement element) => string.Join(' ', Flatten(element));

    private static IEnumerable<string> Flatten(AngleSharp.Dom.INode node) =>
        node is AngleSharp.Dom.IText text ? text.Data.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries) : node.ChildNodes.SelectMany(Flatten);
}
