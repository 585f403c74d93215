using Kl3m.Inference;
using Kl3m.Playground.Backends;

namespace Kl3m.Playground.Runs;

/// <summary>The replays of a page's runs, one after the other, and what came of them. Belongs to the circuit's thread.</summary>
public sealed class Replays : IDisposable
{
    private readonly ChosenModel model;
    private readonly Action changed;
    private CancellationTokenSource? stop;

    /// <param name="changed">Called on the circuit's thread.</param>
    internal Replays(ChosenModel model, Action changed) => (this.model, this.changed) = (model, changed);

    /// <summary>One sentence for each run, as far as they are replayed.</summary>
    public IReadOnlyList<ReplayWords> Words { get; private set; } = [];

    public bool IsRunning => stop is not null;

    /// <param name="runs">Each with what it is called ("" where there is but one), and with what names its tokens.</param>
    public async Task RunAsync(IReadOnlyList<(string Name, Run Run, ITextGenerator Writer)> runs, string user)
    {
        Dispose();
        Words = [];
        using var cancellation = stop = new();
        changed();
        foreach (var (name, run, writer) in runs)
        {
            var words = await ReplayAsync(run, writer, user, cancellation.Token);
            if (cancellation.IsCancellationRequested)
            {
                return;
            }
            Words = [.. Words, words with { Sentence = name.Length == 0 ? words.Sentence : $"{name}: {words.Sentence}" }];
            changed();
        }
        stop = null;
        changed();
    }

    /// <summary>Ends what goes on and forgets what came of it.</summary>
    public void Clear()
    {
        Dispose();
        Words = [];
        changed();
    }

    public void Dispose()
    {
        stop?.Cancel();
        stop = null;
    }

    private async Task<ReplayWords> ReplayAsync(Run run, ITextGenerator writer, string user, CancellationToken cancellationToken)
    {
        if ((model.Find(run.Model.Id) ?? model.Generator) is not { } generator)
        {
            return new(false, "There is no model here yet to replay it with.");
        }
        if (ReplayWords.Hindrance(run.Model, generator.Model) is { } hindrance)
        {
            return new(false, hindrance);
        }
        try
        {
            var verdict = await Task.Run(() => new Replay(run).RunAsync(generator, user, cancellationToken: cancellationToken), cancellationToken);
            return ReplayWords.Of(verdict, run, writer, generator);
        }
        catch (OperationCanceledException)
        {
            return new(false, "The replay was left.");
        }
        catch (Exception refused) when (refused is InvalidRequestException or EngineBusyException or EngineFailedException or HttpRequestException)
        {
            return new(false, $"It could not be replayed: {refused.Message}");
        }
    }
}
