using Kl3m.Inference;
using Kl3m.Inference.Engine;
using Kl3m.Playground.Backends;
using Kl3m.Playground.Components.Pages.Compare;
using Kl3m.Tests.Shared;
using Microsoft.Extensions.Logging.Abstractions;

namespace Kl3m.Playground.Tests.Components.Compare;

/// <summary>A comparison on the real engine and sampler, with a model made by hand: its logits are a function of the tokens before them.</summary>
internal sealed class CompareFixture : IAsyncDisposable
{
    private readonly List<InferenceEngine> engines = [];

    public BackendCatalogue Catalogue { get; } = new();

    public CompareState State { get; private set; } = null!;

    public static ModelInfo Model(string id) => ByteTokenizer.Model with { Id = id };

    /// <param name="write">Fills a row, given the tokens of prompt and text so far; null leaves the fake's own hash.</param>
    public static async Task<CompareFixture> StartAsync(params IReadOnlyList<Action<IReadOnlyList<int>, float[]>?> write)
    {
        var fixture = new CompareFixture();
        for (var i = 0; i < write.Count; i++)
        {
            var logits = write[i];
            var engine = new InferenceEngine(() => new FakeModelRunner { Spoil = logits is null ? null : (tokens, row) => Write(logits, tokens, row) },
                ByteTokenizer.Tokenizer, Model($"hand{i}"), new(), TimeProvider.System, NullLogger<InferenceEngine>.Instance);
            fixture.engines.Add(engine);
            await engine.StartAsync().WaitAsync(TimeSpan.FromSeconds(30));
        }
        fixture.Catalogue.Ready([.. fixture.engines]);
        fixture.State = new(new ChosenModel(fixture.Catalogue), TimeProvider.System, NullLogger<CompareState>.Instance);
        fixture.State.Type("P");
        return fixture;
    }

    public CompareState NewState() => new(new ChosenModel(Catalogue), TimeProvider.System, NullLogger<CompareState>.Instance);

    /// <summary>Two columns with these settings, run.</summary>
    public async Task RunAsync(ulong seed, params SamplingParams[] settings)
    {
        State.Take(new Kl3m.Playground.Runs.PageLink("compare", "P", [.. settings.Select(sampling => new Kl3m.Playground.Runs.LinkColumn(sampling with { Seed = seed }))]));
        await State.RunAllAsync().WaitAsync(TimeSpan.FromSeconds(30));
    }

    public string Text(int column) => State.Columns[column].Run!.Sequences[0].Text;

    public async ValueTask DisposeAsync()
    {
        await State.DisposeAsync();
        foreach (var engine in engines)
        {
            await engine.DisposeAsync();
        }
    }

    private static void Write(Action<IReadOnlyList<int>, float[]> logits, IReadOnlyList<int> tokens, Span<float> row)
    {
        var whole = Enumerable.Repeat(float.NegativeInfinity, row.Length).ToArray();
        logits(tokens, whole);
        whole.CopyTo(row);
    }
}
