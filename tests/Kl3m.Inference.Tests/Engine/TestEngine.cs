using Kl3m.Inference.Engine;
using Kl3m.Tests.Shared;
using Microsoft.Extensions.Logging.Abstractions;

namespace Kl3m.Inference.Tests.Engine;

/// <summary>A started engine on a fake runner and the byte tokenizer, and short ways to ask it.</summary>
internal sealed class TestEngine : IAsyncDisposable
{
    private FakeModelRunner? runner;

    private TestEngine(Func<FakeModelRunner> createRunner, EngineOptions? options, TimeProvider? time, Microsoft.Extensions.Logging.ILogger<InferenceEngine>? log)
    {
        Engine = new(() => runner = createRunner(), ByteTokenizer.Tokenizer, Model, options ?? new(), time ?? TimeProvider.System, log ?? NullLogger<InferenceEngine>.Instance);
    }

    public static ModelInfo Model => ByteTokenizer.Model;

    public InferenceEngine Engine { get; }

    public FakeModelRunner Runner => runner!;

    /// <summary>The steps of requests, without the warm-up.</summary>
    public IReadOnlyList<IReadOnlyList<Chunk>> Steps => [.. Runner.Steps.Skip(1)];

    public static async Task<TestEngine> StartAsync(
        Func<FakeModelRunner>? createRunner = null, EngineOptions? options = null, TimeProvider? time = null, Microsoft.Extensions.Logging.ILogger<InferenceEngine>? log = null)
    {
        var engine = new TestEngine(createRunner ?? (() => new()), options, time, log);
        await engine.Engine.StartAsync().WaitAsync(TimeSpan.FromSeconds(30));
        return engine;
    }

    /// <summary>An engine whose model writes <paramref name="completion"/> behind a prompt of one token, then the end token.</summary>
    public static Task<TestEngine> WritingAsync(string completion, EngineOptions? options = null) =>
        WritingAsync(System.Text.Encoding.UTF8.GetBytes(completion), options);

    public static Task<TestEngine> WritingAsync(byte[] completion, EngineOptions? options = null) =>
        StartAsync(() => new() { Script = tokens => tokens.Count - 1 < completion.Length ? completion[tokens.Count - 1] : ByteTokenizer.End }, options);

    /// <summary>An engine that stops at the gate before every step but the warm-up.</summary>
    public static async Task<TestEngine> GatedAsync(StepGate gate, EngineOptions? options = null)
    {
        var engine = await StartAsync(() => new() { BeforeStep = _ => gate.Wait() }, options);
        gate.Close();
        return engine;
    }

    public static GenerationRequest Request(string prompt = "P", int maxTokens = 8, int sequences = 1, ulong? seed = 1) => new()
    {
        Prompt = prompt,
        Sampling = new() { MaxTokens = maxTokens, Sequences = sequences, Seed = seed },
        Alternatives = 2,
    };

    public async Task<List<GenerationEvent>> RunAsync(GenerationRequest request, CancellationToken cancellationToken = default) =>
        await Engine.GenerateAsync(request, cancellationToken).ToListAsync(CancellationToken.None);

    public ValueTask DisposeAsync() => Engine.DisposeAsync();
}

internal static class EventExtensions
{
    public static List<TokenGenerated> Tokens(this IEnumerable<GenerationEvent> events, int sequence = 0) =>
        [.. events.OfType<TokenGenerated>().Where(token => token.SequenceIndex == sequence)];

    public static string Text(this IEnumerable<GenerationEvent> events, int sequence = 0) =>
        string.Concat(events.Tokens(sequence).Select(token => token.Text));

    public static SequenceFinished Finish(this IEnumerable<GenerationEvent> events, int sequence = 0) =>
        events.OfType<SequenceFinished>().Single(finished => finished.SequenceIndex == sequence);
}
