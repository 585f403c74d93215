using Kl3m.Inference;
using Kl3m.Playground.Backends;
using Kl3m.Playground.Components.Shared;
using Kl3m.Playground.Runs;

namespace Kl3m.Playground.Components.Pages.Lab;

/// <summary>The bench as a link: the prompt, what is written behind it, the settings that the token was drawn with, and those that are tried.</summary>
internal sealed partial class LabState
{
    public const string Address = "lab";

    private readonly PageAddress links = new(Address);
    private PageLink? awaiting;

    /// <summary>A prompt of one's own, as it was typed or came by a link; null until there is one.</summary>
    public string? Prompt { get; private set; }

    /// <summary>What was wrong with a link; empty when it was well.</summary>
    public IReadOnlyList<string> Refused { get; private set; } = [];

    public void Type(string prompt) => Prompt = prompt;

    /// <summary>Takes what an address carries, once.</summary>
    public void Open(string address) => links.Open(address, Refuse, link => _ = TakeAsync(link));

    /// <summary>Reads the link's text, draws the token behind it with the settings that it was drawn with, and puts those that were tried on the bench.</summary>
    public async Task TakeAsync(PageLink link)
    {
        reading?.Cancel();
        (reading, Run, Place, place, Strip, Notice, Prompt, awaiting) = (null, null, null, null, null, null, link.Prompt, null);
        var id = link.Columns[0].Model;
        if (id is not null)
        {
            chosen.Choose(id);
        }
        knobs = null;
        if (Refusal(link, id) is { } refusal)
        {
            Refuse([.. Refused, refusal]);
        }
        else if (chosen.Generator is not { } generator)
        {
            awaiting = link;
            Changed?.Invoke();
        }
        else
        {
            var drawn = Valid(link.Sampling, "The link's settings were left out");
            Settings = drawn with { Seed = link.Sampling.Seed ?? Settings.Seed };
            if (await ReadLinkAsync(link, generator) && link.Columns.Count > 1)
            {
                var tried = Valid(link.Columns[1].Sampling, "The settings that were tried were left out");
                await ChangeAsync(now => tried with { Seed = now.Seed });
            }
        }
    }

    /// <summary>A link that came before there was a model is taken now.</summary>
    public void ModelChanged()
    {
        if (awaiting is { } link && chosen.Generator is not null)
        {
            _ = TakeAsync(link);
        }
    }

    public void Refuse(params IReadOnlyList<string> sentences)
    {
        Refused = sentences;
        Changed?.Invoke();
    }

    /// <summary>What is on the bench; null where more is written before the place than a link carries.</summary>
    /// <exception cref="InvalidRequestException">The model cannot spell the prompt's tokens.</exception>
    public async Task<PageLink?> LinkAsync()
    {
        if (Run is not { } run || Place is not { } at)
        {
            return new(Address, Prompt ?? "", [new(Plain(Settings, Settings.Seed))]);
        }
        if (at.Position > PageField.MostWritten)
        {
            return null;
        }
        var prompt = run.Root.Request.Prompt ?? (Generator is { } generator ? await generator.DetokenizeAsync(run.PromptTokenIds) : "");
        var drawn = new LinkColumn(Plain(RunSettings, run.Seed), run.Model.Id);
        return new(Address, prompt, IsAsTheRun ? [drawn] : [drawn, new(Plain(Settings, run.Seed), run.Model.Id)])
        {
            Written = [.. run.Sequences[at.Sequence].Tokens.Take(at.Position).Select(token => token.Score.TokenId)],
            Sequence = run.DiceOf(at.Sequence),
        };
    }

    /// <summary>Without what has no effect at one position.</summary>
    private static SamplingParams Plain(SamplingParams sampling, ulong? seed)
    {
        var usual = new SamplingParams();
        return sampling with { Seed = seed, MaxTokens = usual.MaxTokens, Sequences = usual.Sequences, Stop = usual.Stop, StopAtEnd = usual.StopAtEnd };
    }

    private string? Refusal(PageLink link, string? id) => link switch
    {
        { Prompt.Length: 0 } => $"The link carries no prompt. {SamplingProblems.EmptyPrompt.Sentence}",
        { Written.Count: > 0 } when id is not null && chosen.Generator is { } here && here.Model.Id != id =>
            $"The link is about a text of {Visible.Line(id)}, which is not loaded here, and {here.Model.Id} splits text otherwise. Load it on the Models page, or read the prompt with {here.Model.Id}.",
        _ => null,
    };

    /// <summary>Settings that cannot be drawn with would leave the page without its sliders.</summary>
    private SamplingParams Valid(SamplingParams sampling, string otherwise)
    {
        var mistakes = SamplingProblems.Find(sampling, Knobs, null, null).ToList();
        if (mistakes.Count > 0)
        {
            Refuse([.. Refused, $"{otherwise}: {string.Join(' ', mistakes.Select(mistake => mistake.Sentence))}"]);
        }
        else if (chosen.Generator is { } generator && sampling.LogitBias.Keys.Any(id => id >= generator.Model.VocabularySize))
        {
            Refuse([.. Refused, $"The link's logit bias was left out: it names tokens that {generator.Model.Id} does not have."]);
            return sampling with { LogitBias = new SamplingParams().LogitBias };
        }
        return mistakes.Count == 0 ? sampling : new();
    }

    /// <summary>False where it was refused, which the notice says.</summary>
    private async Task<bool> ReadLinkAsync(PageLink link, ITextGenerator generator)
    {
        if (link.Written.Count == 0)
        {
            await ReadPromptAsync(link.Prompt);
            return Run is not null;
        }
        try
        {
            var (from, forced) = await Task.Run(() => WrittenAsync(link, generator));
            var request = new GenerationRequest
            {
                PromptTokenIds = from.PromptTokenIds,
                CompletionTokenIds = link.Written,
                FirstSequence = link.Sequence,
                Sampling = Settings with { Sequences = 1, MaxTokens = 1, Stop = [] },
            };
            if (await WriteAsync(request, new(from, 0, 0, forced)) is { } run)
            {
                await OpenAsync(run, new(0, forced.Count));
                return true;
            }
        }
        catch (Exception failure) when (failure is not OperationCanceledException)
        {
            Notice = FailureWords.Of(failure);
            if (FailureWords.IsUnexpected(failure))
            {
                LogFailed(failure);
            }
            Changed?.Invoke();
        }
        return false;
    }

    /// <summary>The link's text as a run of its prompt alone, and the tokens behind it with their numbers.</summary>
    private async Task<(Run From, IReadOnlyList<TokenGenerated> Forced)> WrittenAsync(PageLink link, ITextGenerator generator)
    {
        var prompt = await generator.TokenizeAsync(link.Prompt);
        if (prompt.Count + link.Written.Count >= generator.Model.ContextLength)
        {
            throw new InvalidRequestException("Prompt", $"and what is written behind it have {Numbers.Of(prompt.Count + link.Written.Count, "token")}; {generator.Model.Id} reads {Numbers.Count(generator.Model.ContextLength)}, one of them new.");
        }
        var from = new Run(new() { Prompt = link.Prompt, FirstSequence = link.Sequence, Sampling = new() { MaxTokens = 0 } }, generator.Model, time);
        from.Record(new GenerationStarted([.. prompt.Select(token => token.TokenId)], Settings.Seed ?? 0));
        from.Cancel();
        return (from, await ForcedTokens.MakeAsync(from, 0, 0, link.Written, generator, CancellationToken.None));
    }
}
