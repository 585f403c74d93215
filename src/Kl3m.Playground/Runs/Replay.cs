using Kl3m.Inference;

namespace Kl3m.Playground.Runs;

/// <summary>Writes a recorded run again, with its own prompt tokens, settings and dice, and compares token for token.</summary>
internal sealed class Replay(Run recorded)
{
    private readonly int[] compared = [.. recorded.Written.Select(_ => recorded.Request.CompletionTokenIds.Count)];
    private double gap;
    private ReplayDifference? first;

    public int Total { get; } = recorded.Written.Sum(sequence => sequence.Tokens.Count - recorded.Request.CompletionTokenIds.Count);

    /// <summary>So many tokens were written again, up to the first that is another.</summary>
    public int Agreed { get; private set; }

    /// <summary>Ends when every recorded token has been compared, or when no sequence has any left that could agree.</summary>
    /// <exception cref="InvalidRequestException">The model does not take the request: it is another one.</exception>
    /// <exception cref="EngineBusyException">The line is full.</exception>
    public async Task<ReplayVerdict> RunAsync(ITextGenerator generator, string? user, Action? progress = null, CancellationToken cancellationToken = default)
    {
        var parted = new bool[compared.Length];
        var request = recorded.Request with { Prompt = null, PromptTokenIds = recorded.PromptTokenIds, User = user, KeepLogits = false, ScorePrompt = false };
        await foreach (var happened in generator.GenerateAsync(request, cancellationToken))
        {
            switch (happened)
            {
                case TokenGenerated token when !parted[token.SequenceIndex]:
                    parted[token.SequenceIndex] = !Agrees(token);
                    break;
                // It ended before the recorded one did.
                case SequenceFinished end when !parted[end.SequenceIndex] && compared[end.SequenceIndex] < recorded.Written[end.SequenceIndex].Tokens.Count:
                    parted[end.SequenceIndex] = true;
                    Note(end.SequenceIndex, null);
                    break;
            }
            progress?.Invoke();
            if (parted.Select((over, i) => over || compared[i] == recorded.Written[i].Tokens.Count).All(done => done))
            {
                break;
            }
        }
        return new(Total, Agreed, first, gap);
    }

    private bool Agrees(TokenGenerated token)
    {
        var (index, place) = (token.SequenceIndex, compared[token.SequenceIndex]);
        var tokens = recorded.Written[index].Tokens;
        if (place == tokens.Count)
        {
            return true; // the recorded run was stopped here
        }
        if (tokens[place].Score.TokenId != token.Score.TokenId)
        {
            Note(index, token.Score);
            return false;
        }
        var apart = Math.Abs(tokens[place].Score.RawLogprob - token.Score.RawLogprob);
        gap = double.IsNaN(apart) ? gap : Math.Max(gap, apart);
        compared[index]++;
        Agreed++;
        return true;
    }

    private void Note(int sequence, TokenScore? now)
    {
        var place = compared[sequence];
        if (first is null || place < first.Token.Position)
        {
            first = new(new(recorded.Written[sequence].Index, place), recorded.Written[sequence].Tokens[place].Score, now);
        }
    }
}

/// <param name="Total">Tokens of the recorded run.</param>
/// <param name="Agreed">Those that came again.</param>
/// <param name="First">The earliest token that did not; null when all agree.</param>
/// <param name="LargestGap">Between the raw log-probabilities (natural) of tokens that agree; 0 is bit for bit.</param>
internal sealed record ReplayVerdict(int Total, int Agreed, ReplayDifference? First, double LargestGap)
{
    public bool Agrees => First is null && Agreed == Total;
}

/// <param name="Recorded">What the receipt has there.</param>
/// <param name="Now">What was written now; null where the text ended instead.</param>
internal sealed record ReplayDifference(SelectedToken Token, TokenScore Recorded, TokenScore? Now);
