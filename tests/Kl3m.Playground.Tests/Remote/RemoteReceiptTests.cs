using Bunit;
using Kl3m.Inference;
using Kl3m.Playground.Components.Shared;
using Kl3m.Playground.Runs;
using Kl3m.Playground.Tests.Components;

namespace Kl3m.Playground.Tests.Remote;

/// <summary>A run of a model on another server, kept and opened again.</summary>
public sealed class RemoteReceiptTests : ComponentContext
{
    [Fact]
    public async Task Opened_without_its_server_it_still_says_why_there_is_no_dart()
    {
        var opened = await OpenedAsync(receipt => receipt);
        Assert.Equal((20, "there"), (opened.Run.Model.TopOnly, opened.Run.Model.Device));
        var view = Show(opened);
        Assert.Contains("runs on another server (there), which tells the 20 likeliest of 257 tokens and throws the dice itself", view.Find(".kp-sentence").TextContent, StringComparison.Ordinal);
        Assert.Equal("dart u–", Dart(view));
    }

    [Fact]
    public async Task One_of_the_first_version_claims_no_greedy_draw()
    {
        var view = Show(await OpenedAsync(receipt => receipt with { Version = 1, Runs = [ReceiptChecks.Sign(receipt.Runs[0] with { Model = receipt.Runs[0].Model with { TopOnly = null } })] }));
        Assert.Equal("No draw was recorded for this token: whoever wrote it did not tell one.", view.Find(".kp-sentence").TextContent.Trim());
        Assert.Equal("dart u–", Dart(view));
    }

    private static string Dart(IRenderedComponent<TokenInspector> view) =>
        string.Concat(view.FindAll(".kp-facts > div").Single(fact => fact.TextContent.Contains("dart", StringComparison.Ordinal)).TextContent.Where(letter => letter is not '\n')).Trim();

    private static async Task<(Run Run, ITextGenerator Generator)> OpenedAsync(Func<Receipt, Receipt> rewrite)
    {
        await using var upstream = await Upstream.WithEngineAsync();
        using var client = await RemoteClient.ConnectAsync(upstream);
        var request = new GenerationRequest { Prompt = "Governing law", Alternatives = 8, Sampling = new() { MaxTokens = 4, Seed = 3, TopK = 0 } };
        var run = new Run(request, client.Generator.Model, TimeProvider.System);
        foreach (var happened in await client.RunAsync(request))
        {
            run.Record(happened);
        }
        var receipt = rewrite(await ReceiptOfRun.MakeAsync([(run, client.Generator)], DateTimeOffset.UnixEpoch));
        var kept = Assert.Single(ReceiptJson.Read(ReceiptJson.Write(receipt)).Runs);
        return (kept.ToRun((asked, model) => new Run(asked, model, TimeProvider.System)), new RecordedModel(kept));
    }

    private IRenderedComponent<TokenInspector> Show((Run Run, ITextGenerator Generator) opened) => Render<TokenInspector>(parameters => parameters
        .Add(inspector => inspector.Run, opened.Run)
        .Add(inspector => inspector.Generator, opened.Generator)
        .Add(inspector => inspector.Token, new SelectedToken(0, 1)));
}
