using System.Text.Json.Serialization;
using Kl3m.Inference;

namespace Kl3m.Playground.Runs;

/// <summary>
/// What a run leaves behind: all that is needed to see it again without its model, and to run it again and compare. A file of JSON,
/// names in snake_case, one token to a line. A playground's receipt holds one run, a comparison's one for each column.
/// </summary>
public sealed record Receipt
{
    public const string FormatName = "kl3m-playground-receipt";

    /// <summary>2 added <see cref="ReceiptModel.TopOnly"/>; what version 1 wrote is read as it was.</summary>
    public const int CurrentVersion = 2;

    public required string Format { get; init; }

    public required int Version { get; init; }

    public required DateTimeOffset Created { get; init; }

    /// <summary>The program that wrote the text, with its version.</summary>
    public required string Engine { get; init; }

    public required IReadOnlyList<RunReceipt> Runs { get; init; }
}

/// <summary>One run. Its checks chain: each covers what it stands in and the check before it, so the first that does not fit tells the place of a change.</summary>
public sealed record RunReceipt
{
    public required ReceiptModel Model { get; init; }

    public required DateTimeOffset StartedAt { get; init; }

    /// <summary>The text of the prompt; <see cref="PromptTokenIds"/> are what was really read.</summary>
    public required string Prompt { get; init; }

    public required IReadOnlyList<int> PromptTokenIds { get; init; }

    /// <summary>See <see cref="GenerationRequest.CompletionTokenIds"/>: what stood there before, as in a branch. The sequence begins with these tokens.</summary>
    public IReadOnlyList<int> CompletionTokenIds { get; init; } = [];

    /// <summary>See <see cref="GenerationRequest.FirstSequence"/>.</summary>
    public int FirstSequence { get; init; }

    /// <summary>As text: programs in JavaScript would round it.</summary>
    [JsonNumberHandling(JsonNumberHandling.AllowReadingFromString | JsonNumberHandling.WriteAsString)]
    public required ulong Seed { get; init; }

    /// <summary>Without the seed, which stands above.</summary>
    public required SamplingParams Sampling { get; init; }

    public required RunStatus Status { get; init; }

    public Usage? Usage { get; init; }

    public ReceiptTimings? Timings { get; init; }

    /// <summary>What every token that is named here is made of.</summary>
    public required ReceiptVocabulary Vocabulary { get; init; }

    /// <summary>Covers all of the above.</summary>
    public required string Check { get; init; }

    public required IReadOnlyList<SequenceReceipt> Sequences { get; init; }
}

public sealed record SequenceReceipt
{
    public required IReadOnlyList<TokenReceipt> Tokens { get; init; }

    /// <summary>Null where the run was stopped or failed before its end.</summary>
    public FinishReason? FinishReason { get; init; }

    public string? StopText { get; init; }

    public int? StopTokenId { get; init; }

    /// <summary>Covers the end, and with it the number of tokens.</summary>
    public required string Check { get; init; }
}

/// <summary>One token with its numbers; see <see cref="TokenScore"/> and <see cref="SamplingTrace"/>.</summary>
public sealed record TokenReceipt
{
    public required int Id { get; init; }

    public required string Text { get; init; }

    public required float RawLogprob { get; init; }

    public required float FinalLogprob { get; init; }

    public required int Rank { get; init; }

    public required float Entropy { get; init; }

    public double? U { get; init; }

    public required double Low { get; init; }

    public required double High { get; init; }

    public required int Kept { get; init; }

    public IReadOnlyList<StageTrace> Stages { get; init; } = [];

    public IReadOnlyList<Alternative> Alternatives { get; init; } = [];

    public required string Check { get; init; }
}

/// <param name="Files">SHA-256 of the model's files, hexadecimal, by name; empty where they are not known.</param>
/// <param name="TopOnly">See <see cref="ModelInfo.TopOnly"/>: the model ran on another server, which told no more. Null where it ran here, and in version 1.</param>
public sealed record ReceiptModel(
    string Id, string Dtype, string Device, long ParameterCount, int VocabularySize, int ContextLength, IReadOnlyList<int> EndTokenIds, IReadOnlyDictionary<string, string> Files,
    int? TopOnly = null);

/// <summary>Milliseconds from the request; see <see cref="GenerationTimings"/>.</summary>
public sealed record ReceiptTimings(double Queued, double? FirstToken, double Total);

/// <summary>Tokens by id: those that are text, those that are part of a character only (hexadecimal), and the special ones.</summary>
public sealed record ReceiptVocabulary(IReadOnlyDictionary<int, string> Text, IReadOnlyDictionary<int, string> Bytes, IReadOnlyDictionary<int, string> Special);
