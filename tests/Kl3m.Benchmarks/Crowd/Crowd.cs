namespace Kl3m.Benchmarks.Crowd;

/// <summary>Many clients of one engine, wherever it is.</summary>
/// <param name="Ask">Asks for a text as the client of that number; gives the number of tokens that came with each message.</param>
/// <param name="Metrics">The engine's instruments now, by their names in /metrics.</param>
internal sealed record Crowd(
    Func<int, CrowdRequest, CancellationToken, IAsyncEnumerable<int>> Ask,
    Func<Task<IReadOnlyDictionary<string, double>>> Metrics);

internal sealed record CrowdRequest(string Prompt, int MaxTokens, int Sequences, ulong Seed);

/// <summary>What one client saw of one request.</summary>
internal sealed record CrowdRun(TimeSpan FirstToken, TimeSpan Total, int Tokens);
