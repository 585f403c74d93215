using System.Reflection;
using System.Text;
using System.Text.Unicode;
using Kl3m.Inference;

namespace Kl3m.Playground.Runs;

/// <summary>Makes receipts of runs, and runs of receipts.</summary>
internal static class ReceiptOfRun
{
    private static readonly string Engine = $"Kl3m.Playground {typeof(Receipt).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion}";

    /// <summary>Takes the runs as they stand; one that still goes on counts as stopped here.</summary>
    /// <param name="runs">Each with the generator that wrote it, which says what its tokens are made of.</param>
    /// <param name="alternatives">How many of the alternatives to keep at each position.</param>
    public static async Task<Receipt> MakeAsync(IReadOnlyList<(Run Run, ITextGenerator Generator)> runs, DateTimeOffset now, int alternatives = GenerationRequest.MaxAlternatives)
    {
        var receipts = new List<RunReceipt>();
        foreach (var (run, generator) in runs)
        {
            receipts.Add(await MakeAsync(run, generator, alternatives));
        }
        return new() { Format = Receipt.FormatName, Version = Receipt.CurrentVersion, Created = now, Engine = Engine, Runs = receipts };
    }

    private static async Task<RunReceipt> MakeAsync(Run run, ITextGenerator generator, int alternatives)
    {
        var (request, model) = (run.Request, run.Model);
        var prompt = request.Prompt ?? await TextOfAsync(run.PromptTokenIds, generator);
        List<SequenceReceipt> sequences = [.. run.Written.Select(sequence => new SequenceReceipt
        {
            FinishReason = sequence.Finished?.Reason,
            StopText = sequence.Finished?.StopText,
            StopTokenId = sequence.Finished?.StopTokenId,
            Tokens = [.. sequence.Tokens.Select(token => Make(token, alternatives))],
            Check = "",
        })];
        return ReceiptChecks.Sign(new()
        {
            Model = new(model.Id, model.Dtype, model.Device, model.ParameterCount, model.VocabularySize, model.ContextLength, model.EndTokenIds, model.FileHashes, model.TopOnly),
            StartedAt = run.StartedAt,
            Prompt = prompt,
            PromptTokenIds = [.. run.PromptTokenIds],
            CompletionTokenIds = [.. request.CompletionTokenIds],
            FirstSequence = request.FirstSequence,
            Seed = run.Seed ?? 0,
            Sampling = request.Sampling with { Seed = null },
            Status = run.IsActive ? RunStatus.Stopped : run.Status,
            Usage = run.Usage,
            Timings = run.Timings is { } timings ? new(timings.Queued.TotalMilliseconds, timings.FirstToken?.TotalMilliseconds, timings.Total.TotalMilliseconds) : null,
            Vocabulary = Describe(sequences, generator),
            Sequences = sequences,
            Check = "",
        });
    }

    /// <summary>The run as it was, to be looked at: its model's facts are the receipt's, and its request asks for the tokens that were read.</summary>
    /// <param name="start">Makes the run that is then filled.</param>
    public static Run ToRun(this RunReceipt receipt, Func<GenerationRequest, ModelInfo, Run> start)
    {
        var model = receipt.Model;
        var request = new GenerationRequest
        {
            PromptTokenIds = receipt.PromptTokenIds,
            CompletionTokenIds = receipt.CompletionTokenIds,
            FirstSequence = receipt.FirstSequence,
            Sampling = receipt.Sampling with { Seed = receipt.Seed },
        };
        var run = start(request, Info(model));
        run.Record(new GenerationStarted(receipt.PromptTokenIds, receipt.Seed));
        for (var index = 0; index < receipt.Sequences.Count; index++)
        {
            var sequence = receipt.Sequences[index];
            for (var position = 0; position < sequence.Tokens.Count; position++)
            {
                run.Record(ToEvent(sequence.Tokens[position], index, position));
            }
            if (sequence.FinishReason is { } reason)
            {
                run.Record(new SequenceFinished(index, reason, sequence.StopText, sequence.StopTokenId));
            }
        }
        if (receipt is { Status: RunStatus.Done, Timings: { } timings })
        {
            var usage = receipt.Usage ?? new(receipt.PromptTokenIds.Count, receipt.Sequences.Sum(sequence => sequence.Tokens.Count));
            run.Record(new GenerationFinished(usage, new(Milliseconds(timings.Queued), timings.FirstToken is { } first ? Milliseconds(first) : null, Milliseconds(timings.Total))));
        }
        else if (receipt.Status == RunStatus.Failed)
        {
            run.Fail(new EngineFailedException("The engine had failed here."));
        }
        run.Cancel();
        return run;
    }

    public static ModelInfo Info(ReceiptModel model) => new()
    {
        Id = model.Id,
        Dtype = model.Dtype,
        Device = model.Device,
        ParameterCount = model.ParameterCount,
        VocabularySize = model.VocabularySize,
        ContextLength = model.ContextLength,
        EndTokenIds = model.EndTokenIds,
        FileHashes = model.Files,
        TopOnly = model.TopOnly,
    };

    private static TokenReceipt Make(TokenGenerated token, int alternatives) => new()
    {
        Id = token.Score.TokenId,
        Text = token.Text,
        RawLogprob = token.Score.RawLogprob,
        FinalLogprob = token.Score.FinalLogprob,
        Rank = token.Score.Rank,
        Entropy = token.Score.Entropy,
        U = token.Trace.U,
        Low = token.Trace.Low,
        High = token.Trace.High,
        Kept = token.Trace.Kept,
        Stages = token.Trace.Stages,
        Alternatives = [.. token.Score.Alternatives.Take(alternatives)],
        Check = "",
    };

    private static TokenGenerated ToEvent(TokenReceipt token, int sequence, int position) => new(
        sequence,
        position,
        token.Text,
        new TokenScore { TokenId = token.Id, RawLogprob = token.RawLogprob, FinalLogprob = token.FinalLogprob, Rank = token.Rank, Entropy = token.Entropy, Alternatives = token.Alternatives },
        new SamplingTrace(token.Stages, token.U, token.Low, token.High, token.Kept));

    private static ReceiptVocabulary Describe(List<SequenceReceipt> sequences, ITextGenerator generator)
    {
        var (text, bytes, special) = (new SortedDictionary<int, string>(), new SortedDictionary<int, string>(), new SortedDictionary<int, string>());
        var tokens = sequences.SelectMany(sequence => sequence.Tokens).ToList();
        foreach (var id in tokens.Select(token => token.Id).Concat(tokens.SelectMany(token => token.Alternatives.Select(alternative => alternative.TokenId))).Distinct())
        {
            VocabularyEntry entry;
            try
            {
                entry = generator.Describe(id);
            }
            catch (Exception unknown) when (unknown is InvalidRequestException or ArgumentException)
            {
                continue;
            }
            var kind = entry.IsSpecial ? special : Utf8.IsValid(entry.Bytes.Span) ? text : bytes;
            kind[id] = kind == bytes ? Convert.ToHexStringLower(entry.Bytes.Span) : Encoding.UTF8.GetString(entry.Bytes.Span);
        }
        return new(text, bytes, special);
    }

    private static async Task<string> TextOfAsync(IReadOnlyList<int> ids, ITextGenerator generator)
    {
        try
        {
            return await generator.DetokenizeAsync(ids);
        }
        catch (InvalidRequestException)
        {
            return "";
        }
    }

    // What a file says may be more than a TimeSpan holds.
    private static TimeSpan Milliseconds(double value) => TimeSpan.FromMilliseconds(Math.Clamp(double.IsNaN(value) ? 0 : value, 0, 1e12));
}
