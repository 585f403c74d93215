using Kl3m.Inference;
using Kl3m.Playground.Runs;

namespace Kl3m.Playground.Components.Pages.Playground;

internal sealed partial class PlaygroundState
{
    /// <summary>A branch writes at least so many tokens, also where the text it leaves was nearly done.</summary>
    public const int LeastBranch = 16;

    /// <summary>All continuations that came of the run on the page, each with the run that wrote its end. What another one goes on from is part of that one.</summary>
    public IReadOnlyList<(Run Run, RunSequence Sequence)> Leaves
    {
        get
        {
            if (Run is null)
            {
                return [];
            }
            var family = runs.Family(Run);
            bool GoesOn(RunSequence sequence) => family.Any(other => other.Branch is { Forced.Count: 0 } branch
                && branch.From.Sequences[branch.Sequence] == sequence && branch.Position >= sequence.Tokens.Count - 1);
            return [.. family.SelectMany(run => run.Written.Where(sequence => !GoesOn(sequence)).Select(sequence => (run, sequence)))];
        }
    }

    /// <summary>Goes another way from here: the same text before it, this token in place of the one that was drawn, the same dice behind it.</summary>
    public Task TakeAsync(SelectedToken place, int tokenId)
    {
        if (Run?.Find(place)?.Score.TokenId == tokenId)
        {
            Announcement = "That token stands there already.";
            Changed?.Invoke();
            return Task.CompletedTask;
        }
        return ForkAsync(place, (_, _) => Task.FromResult<IReadOnlyList<int>>([tokenId]));
    }

    /// <summary>The alternative of this rank, 1 = most likely.</summary>
    public Task TakeRankAsync(SelectedToken place, int rank) =>
        Run?.Find(place) is { } token && rank >= 1 && rank <= token.Score.Alternatives.Count ? TakeAsync(place, token.Score.Alternatives[rank - 1].TokenId) : Task.CompletedTask;

    /// <summary>The same with a text of one's own, as the tokenizer splits it.</summary>
    public Task TakeTextAsync(SelectedToken place, string text) => text.Length == 0
        ? Task.CompletedTask
        : ForkAsync(place, async (generator, cancellationToken) => [.. (await generator.TokenizeAsync(text, cancellationToken)).Select(token => token.TokenId)]);

    /// <summary>Draws this token and what follows anew: other dice, and the settings of the panel.</summary>
    public async Task RedrawAsync(SelectedToken place)
    {
        if (await ReadyAsync() is { } run && run.Find(place) is not null)
        {
            await BranchAsync(run, place, [], Sampling with { Seed = NewSeed() }, Remaining(run, place, 0));
        }
    }

    /// <summary>Writes on from the end of one continuation, with the settings of the panel and the dice of the run.</summary>
    public async Task ContinueAsync(int sequenceIndex)
    {
        if (!CanGenerate || await ReadyAsync() is not { } run || sequenceIndex >= run.Sequences.Count)
        {
            return;
        }
        var sequence = run.Sequences[sequenceIndex];
        // An end mark would stand in the middle.
        var count = sequence.Finished?.StopTokenId is { } end && sequence.Tokens is [.., var last] && last.Score.TokenId == end ? sequence.Tokens.Count - 1 : sequence.Tokens.Count;
        await BranchAsync(run, new(sequenceIndex, count), [], Sampling with { Seed = run.Seed }, Sampling.MaxTokens);
    }

    /// <summary>Puts another run of the same family on the page.</summary>
    public void Show(Run run, SelectedToken? selected = null)
    {
        if (!IsRunning && run != Run)
        {
            Remember();
            (Run, Selected) = (run, selected);
            Changed?.Invoke();
        }
    }

    private async Task ForkAsync(SelectedToken place, Func<ITextGenerator, CancellationToken, Task<IReadOnlyList<int>>> choose)
    {
        if (await ReadyAsync() is not { } run || run.Find(place) is null)
        {
            return;
        }
        try
        {
            var generator = Generator!;
            var forced = await Task.Run(async () =>
                await ForcedTokens.MakeAsync(run, place.Sequence, place.Position, await choose(generator, CancellationToken.None), generator, CancellationToken.None));
            if (!IsRunning && forced.Count > 0)
            {
                await BranchAsync(run, place, forced, run.RequestAt(place).Sampling with { Seed = run.Seed }, Remaining(run, place, forced.Count));
            }
        }
        catch (InvalidRequestException mistake)
        {
            Announcement = string.Join(' ', mistake.Problems.Select(problem => $"{problem.Field} {problem.Message}"));
            Changed?.Invoke();
        }
        catch (Exception error) when (error is EngineBusyException or EngineFailedException or HttpRequestException)
        {
            Announcement = error.Message;
            Changed?.Invoke();
        }
    }

    /// <summary>The run on the page, once nothing writes any more; null while there is none or no model.</summary>
    private async Task<Run?> ReadyAsync()
    {
        if (IsRunning)
        {
            Stop();
            await current;
        }
        if (Run is { } run && Generator is { } generator && generator.Model.Id != run.Model.Id)
        {
            Announcement = $"This was written by {run.Model.Id}, and {generator.Model.Id} splits text otherwise: choose {run.Model.Id} again to branch from it.";
            Changed?.Invoke();
            return null;
        }
        return Generator is null ? null : Run;
    }

    private Task BranchAsync(Run run, SelectedToken place, IReadOnlyList<TokenGenerated> forced, SamplingParams sampling, int maxTokens)
    {
        var before = run.Sequences[place.Sequence].Tokens.Take(place.Position).Select(token => token.Score.TokenId);
        var request = new GenerationRequest
        {
            PromptTokenIds = run.PromptTokenIds,
            CompletionTokenIds = [.. before, .. forced.Select(token => token.Score.TokenId)],
            FirstSequence = run.DiceOf(place.Sequence),
            Sampling = sampling with { Sequences = 1, MaxTokens = maxTokens },
            User = user,
        };
        return RunAsync(request, new(run, place.Sequence, place.Position, forced));
    }

    /// <summary>As many as the text that is left would have got.</summary>
    private static int Remaining(Run run, SelectedToken place, int forced)
    {
        var asked = run.RequestAt(place);
        var room = run.Model.ContextLength - run.PromptTokenIds.Count - place.Position - forced;
        return Math.Max(0, Math.Min(room, Math.Max(LeastBranch, asked.CompletionTokenIds.Count + asked.Sampling.MaxTokens - place.Position - forced)));
    }

    /// <summary>A person who puts the end mark ends the text: there is nothing to ask the model.</summary>
    private static bool EndsByItself(Run run)
    {
        if (run.Branch is { Forced: [.., var last] } && run.Request.Sampling.StopAtEnd && run.Model.EndTokenIds.Contains(last.Score.TokenId))
        {
            run.Record(new GenerationStarted(run.PromptTokenIds, run.Request.Sampling.Seed ?? 0));
            run.Record(new SequenceFinished(0, FinishReason.Stop, StopTokenId: last.Score.TokenId));
            run.Record(new GenerationFinished(new(run.PromptTokenIds.Count, 0), new(TimeSpan.Zero, null, TimeSpan.Zero)));
            return true;
        }
        return false;
    }
}
