namespace Kl3m.Playground.Hub;

/// <param name="Bytes">Of the files that the app would fetch.</param>
/// <param name="Config">config.json as it is.</param>
internal sealed record HubModel(long Bytes, ReadOnlyMemory<byte> Config);
