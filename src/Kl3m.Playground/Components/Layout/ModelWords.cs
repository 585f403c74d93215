using System.Globalization;
using Kl3m.Inference;
using Kl3m.Playground.Backends;
using Kl3m.Playground.Backends.Remote;

namespace Kl3m.Playground.Components.Layout;

/// <summary>The facts of a model and its loading, as the page words them.</summary>
internal static class ModelWords
{
    /// <summary>"fp32 · CPU · 7 M", or where it runs if that is not here: more is not told.</summary>
    public static string Facts(ModelInfo model) => model.TopOnly is null
        ? $"{model.Dtype} · {Device(model.Device)} · {Parameters(model.ParameterCount)}"
        : $"remote · {model.Device}";

    /// <summary>1_750_000_000 -> "1.75 B", 168_000_000 -> "168 M".</summary>
    public static string Parameters(long count) => count switch
    {
        >= 1_000_000_000 => string.Create(CultureInfo.InvariantCulture, $"{count / 1e9:0.00} B"),
        >= 1_000_000 => string.Create(CultureInfo.InvariantCulture, $"{count / 1e6:0} M"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{count:N0}"),
    };

    public static string Device(string device) => device switch
    {
        "cpu" => "CPU",
        _ when device.StartsWith("cuda:", StringComparison.Ordinal) => "GPU " + device["cuda:".Length..],
        "cuda" => "GPU",
        _ => device,
    };

    /// <summary>None of the servers that have it answers.</summary>
    public static bool IsAway(ITextGenerator? generator) => generator is ServedModel { Inner: RemoteTextGenerator { IsHealthy: false } };

    public static string State(BackendCatalogue catalogue) => State(catalogue, catalogue.Default);

    public static string State(BackendCatalogue catalogue, ITextGenerator? generator) => catalogue.Phase switch
    {
        LoadPhase.Starting => "starting",
        LoadPhase.Downloading => $"downloading {catalogue.Download}".TrimEnd(),
        LoadPhase.Reading => catalogue.Progress is { } share ? string.Create(CultureInfo.InvariantCulture, $"reading {share * 100:0}%") : "reading",
        LoadPhase.WarmingUp => "warming up",
        LoadPhase.Ready when IsAway(generator) => "not answering",
        LoadPhase.Ready => "ready",
        LoadPhase.Unloaded => "unloaded",
        _ => "failed",
    };
}
