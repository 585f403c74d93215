using Kl3m.Inference;
using Kl3m.Playground.Components.Shared;
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
        if (await ReadyAsync() is var (run, writer) && run.Find(place) is not null)
        {
            await RunAsync(writer, Leave(run, place, [], Sampling with { Seed = NewSeed() }, Remaining(run, place, 0)));
        }
    }

    /// <summary>Writes on from the end of one continuation, with the settings of the panel and the dice of the run.</summary>
    public async Task ContinueAsync(int sequenceIndex)
    {
        if (IsRunning || await ReadyAsync() is not var (run, writer) || sequenceIndex >= run.Sequences.Count)
        {
            return;
        }
        var sequence = run.Sequences[sequenceIndex];
        // An end mark would stand in the middle.
        var count = sequence.Finished?.StopTokenId is { } end && sequence.Tokens is [.., var last] && last.Score.TokenId == end ? sequence.Tokens.Count - 1 : sequence.Tokens.Count;
        await RunAsync(writer, Leave(run, new(sequenceIndex, count), [], Sampling with { Seed = run.Seed }, Sampling.MaxTokens));
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
        if (await ReadyAsync() is not var (run, writer) || run.Find(place) is null)
        {
            return;
        }
        try
        {
            var forced = await Task.Run(async () =>
                await ForcedTokens.MakeAsync(run, place.Sequence, place.Position, await choose(writer, CancellationToken.None), writer, CancellationToken.None));
            if (!IsRunning && forced.Count > 0)
            {
                await RunAsync(writer, Leave(run, place, forced, run.RequestAt(place).Sampling with { Seed = run.Seed }, Remaining(run, place, forced.Count)));
            }
        }
        catch (InvalidRequestException mistake)
        {
            Hinder(string.Join(' ', mistake.Problems.Select(problem => $"{problem.Field} {problem.Message}")));
        }
        catch (Exception error) when (error is EngineBusyException or EngineFailedException or HttpRequestException)
        {
            Hinder(error.Message);
        }
    }

    /// <summary>Why the text on the page cannot be gone on with; null where nothing stands in the way.</summary>
    public string? Hindrance => hindrance;
    private string? hindrance;

    public void DismissHindrance() => Hinder(null);

    private void Hinder(string? sentence)
    {
        (hindrance, Announcement) = (sentence, sentence ?? "");
        Changed?.Invoke();
    }

    /// <summary>The run on the page with the model that wrote it, whichever is chosen now, once nothing writes any more; null while there is none, or its model is gone.</summary>
    private async Task<(Run Run, ITextGenerator Writer)?> ReadyAsync()
    {
        if (IsRunning)
        {
            Stop();
            await current;
        }
        if (Run is not { } run)
        {
            return null;
        }
        if (model.WriterOf(run.Model) is { } writer)
        {
            return (run, writer);
        }
        Hinder($"{Visible.Line(run.Model.Id)} wrote this text and is not loaded now{(Generator is { } other ? $"; {other.Model.Id} splits text otherwise, and would go on from something else" : "")}. Load {Visible.Line(run.Model.Id)} again, or generate anew.");
        return null;
    }

    /// <summary>What is to be asked for a continuation that goes on from a place of another run.</summary>
    private Part Leave(Run run, SelectedToken place, IReadOnlyList<TokenGenerated> forced, SamplingParams sampling, int maxTokens)
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
        return new(request, new(run, place.Sequence, place.Position, forced));
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
