using Kl3m.Playground.Backends.Library;
using Kl3m.Playground.Components.Layout;
using Kl3m.Playground.Components.Pages.About;
using Kl3m.Playground.Components.Shared;
using MudBlazor;

namespace Kl3m.Playground.Components.Pages.Models;

/// <summary>What a card says about its model.</summary>
internal static class ModelText
{
    private const string NotKnown = "not known";

    /// <summary>The state in a word, with its sign and colour.</summary>
    public static (string Word, string Icon, string Tone) Badge(LibraryModel model, MemoryFit? fit, bool isDefault) => model.Condition switch
    {
        ModelCondition.Loaded => (isDefault ? "running, the default" : "running", Icons.Material.Outlined.PlayArrow, "ok"),
        ModelCondition.Loading => ("loading", Icons.Material.Outlined.HourglassEmpty, "info"),
        ModelCondition.Unloading => ("unloading", Icons.Material.Outlined.HourglassEmpty, "warn"),
        ModelCondition.Waiting => ("in line", Icons.Material.Outlined.HourglassEmpty, "info"),
        ModelCondition.Downloading => ("downloading", Icons.Material.Outlined.Download, "info"),
        ModelCondition.Refused => ("refused", Icons.Material.Outlined.Close, "error"),
        _ when fit is { Fits: false } => ("will not fit", Icons.Material.Outlined.WarningAmber, "error"),
        ModelCondition.Partial => ("half here", Icons.Material.Outlined.Downloading, "plain"),
        ModelCondition.Here => (model.Source == ModelSource.Bundled ? "always here" : "on disk", model.Source == ModelSource.Bundled ? Icons.Material.Outlined.Lock : Icons.Material.Outlined.Check, "plain"),
        _ => ("on the hub", Icons.Material.Outlined.Cloud, "plain"),
    };

    public static string Sentence(LibraryModel model) => model switch
    {
        { Info: { } info } => $"Served by {info.Device}.",
        { Known.Sentence: var sentence } => sentence,
        { Source: ModelSource.Bundled } => "Our own, from public-domain law. A stand-in, not KL3M.",
        { Source: ModelSource.Folder, Folder: { } folder } => $"A folder on this machine: {folder}",
        { Source: ModelSource.Folder } => "A folder on this machine.",
        _ => model.Config is null ? "From the hub." : "From the hub. GPT-NeoX, so it can run here.",
    };

    public static IEnumerable<(string Name, string Value)> Facts(LibraryModel model)
    {
        if (model.Info is { } info)
        {
            yield return ("parameters", info.ParameterCount > 0 ? ModelWords.Parameters(info.ParameterCount) : NotKnown);
            yield return ("context", Numbers.Count(info.ContextLength));
            yield return ("vocabulary", Numbers.Count(info.VocabularySize));
            yield return ("runs on", ModelWords.Device(info.Device));
            yield break;
        }
        yield return ("parameters", model.Config is { } config ? ModelWords.Parameters(config.ParameterCount) : NotKnown);
        yield return ("context", model.Config is { } length ? Numbers.Count(length.MaxPositionEmbeddings) : NotKnown);
        yield return ("vocabulary", model.Config is { } words ? Numbers.Count(words.VocabSize) : NotKnown);
        yield return ("runs as", model.Memory is { } memory ? $"{memory.Dtype} · {ModelWords.Device(memory.Device)}" : NotKnown);
        yield return model.Condition is ModelCondition.Away or ModelCondition.Partial or ModelCondition.Downloading || model.DiskBytes == 0
            ? ("download", model.DownloadBytes is { } bytes ? Bytes.Of(bytes) : NotKnown)
            : ("on disk", Bytes.Of(model.DiskBytes));
    }

    /// <summary>As the head of its card says it.</summary>
    public static string Licence(LibraryModel model) =>
        FrontMatter.Read(model.Card).FirstOrDefault(row => row.Key == "license").Value switch
        {
            null or "" => "not stated",
            "cc-by-4.0" => KnownModel.Licence,
            var licence => licence.Length <= 24 ? licence : licence[..23] + "…",
        };

    public static string Author(LibraryModel model) => model switch
    {
        { Known: not null } => KnownModel.Author,
        { Source: ModelSource.Bundled } => "this project",
        { Source: ModelSource.Hub } when model.Id.IndexOf('/', StringComparison.Ordinal) is > 0 and var slash => model.Id[..slash],
        _ => "",
    };

    public static string ProblemTitle(LibraryModel model) => model.Condition switch
    {
        ModelCondition.Refused => "Can't be loaded",
        ModelCondition.Away or ModelCondition.Partial => "The download was broken off",
        ModelCondition.Here => "Not loaded",
        _ => "Something went wrong",
    };

    /// <summary>What stands, and what the next step would do.</summary>
    public static string Next(LibraryModel model, MemoryFit? fit, int running) => model.Condition switch
    {
        ModelCondition.Loaded => fit is null ? "" : $"Room for {Numbers.Of(fit.CacheTokens, "token")} at once, of all who write.",
        ModelCondition.Unloading => running > 0 ? $"{Numbers.StartWord(running)} {(running == 1 ? "generation" : "generations")} may still end." : "Freeing its memory.",
        ModelCondition.Waiting => "Waits for what is being downloaded or loaded.",
        ModelCondition.Downloading => "Each file's hash is checked. What came is kept, also when this is broken off.",
        ModelCondition.Loading => "The models that run go on meanwhile.",
        _ when fit is { Fits: false } => TooLarge(fit),
        ModelCondition.Partial => "Goes on where it stopped.",
        ModelCondition.Here => "Loading it makes it the default; the models that run go on.",
        ModelCondition.Away => "Comes into the cache that all Hugging Face tools share.",
        _ => "",
    };

    /// <summary>What those lose who write with a model that is unloaded.</summary>
    /// <param name="running">Generations in work.</param>
    /// <param name="patience">How long they may go on.</param>
    public static string Cut(int running, TimeSpan patience) => running switch
    {
        0 => "Nobody has it in work now.",
        1 => $"One generation is in work: it has {Seconds(patience)} to end, then it is cut off; what it wrote stays.",
        _ => $"{Numbers.StartWord(running)} generations are in work: they have {Seconds(patience)} to end, then they are cut off; what they wrote stays.",
    };

    /// <param name="next">The model that its users go on with; null where there is none.</param>
    public static string After(string? next) => next is null
        ? "It is the only one loaded: nobody can write until a model is loaded again."
        : $"Who uses it goes on with {next}.";

    private static string Seconds(TimeSpan patience) => Numbers.Of((long)patience.TotalSeconds, "second");

    private static string TooLarge(MemoryFit fit) => fit.FittingTokens is { } tokens
        ? $"{Bytes.Of(fit.Excess)} too much beside what is there. A cache of {Numbers.Count(tokens)} tokens instead of {Numbers.Count(fit.CacheTokens)} would fit:"
        : $"Its weights alone need {Bytes.Of(fit.Weights)}, and {Bytes.Of(fit.Free)} are free. Unload another model, or take a smaller one.";
}
