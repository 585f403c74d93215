using System.Text;
using Kl3m.Inference;
using Kl3m.Playground.Backends;
using Kl3m.Playground.Components.Shared;

namespace Kl3m.Playground.Components.Pages.Tokens;

/// <summary>What one visitor of the Tokens page has before them: a text, how one or two tokenizers split it, and a search. Belongs to the circuit's thread.</summary>
internal sealed partial class TokensState(ChosenModel models, Vocabularies vocabularies, ILogger<TokensState> logger) : IDisposable
{
    /// <summary>Rows of a page of the vocabulary.</summary>
    public const int PageSize = 50;

    /// <summary>Chips that are drawn at first, and each time that more are asked for.</summary>
    public const int ChipsAtOnce = 800;

    public const string Example =
        "Notwithstanding Section 7.2(b)(ii), the Lessee shall pay $1,250.00 within thirty (30) days.\n\n    “Force majeure” — see § 12 — includes strikes, floods… and, naïvely, 😀 emoji.<|end|>";

    private readonly string?[] chosen = new string?[2];
    private readonly SplitText?[] splits = new SplitText?[2];
    private CancellationTokenSource? splitting;

    public event Action? Changed;

    public string Text { get; private set; } = Example;

    /// <summary>A second tokenizer stands beside the first.</summary>
    public bool IsCompared { get; private set; }

    public IReadOnlyList<SplitText> Splits => [.. splits.Take(IsCompared ? 2 : 1).OfType<SplitText>()];

    public string? Problem { get; private set; }

    public int Chips { get; private set; } = ChipsAtOnce;

    /// <summary>Tokenizer and token that are looked at.</summary>
    public (int Side, int Index)? Selected { get; private set; }

    public VocabularyQuery Query { get; private set; } = new();

    public VocabularyMatch? Match { get; private set; }

    public int Page { get; private set; }

    public int Pages => Match is null ? 0 : Math.Max(1, (Match.Ids.Count + PageSize - 1) / PageSize);

    public Vocabulary? Vocabulary { get; private set; }

    public string Announcement { get; private set; } = "";

    public ITextGenerator? GeneratorOf(int side) => models.Find(chosen[side]) ?? models.Generator;

    public Task TypeAsync(string text)
    {
        Text = text;
        return SplitAsync();
    }

    public Task CompareAsync(bool on)
    {
        IsCompared = on && models.All.Count > 1;
        if (IsCompared && (chosen[1] is null || chosen[1] == GeneratorOf(0)?.Model.Id))
        {
            chosen[1] = models.All.FirstOrDefault(other => other.Model.Id != GeneratorOf(0)?.Model.Id)?.Model.Id;
        }
        return SplitAsync();
    }

    public async Task ChooseModelAsync(int side, string? id)
    {
        chosen[side] = id;
        await SplitAsync();
        if (side == 0)
        {
            await SearchAsync(Query);
        }
    }

    /// <summary>A model came or went, or the page is new.</summary>
    public async Task RefreshAsync()
    {
        IsCompared &= models.All.Count > 1;
        await SplitAsync();
        await SearchAsync(Query);
    }

    public void Select((int Side, int Index)? token)
    {
        Selected = token;
        Changed?.Invoke();
    }

    public void MoreChips()
    {
        Chips += ChipsAtOnce;
        Changed?.Invoke();
    }

    public void Turn(int page)
    {
        Page = Math.Clamp(page, 0, Math.Max(0, Pages - 1));
        Changed?.Invoke();
    }

    public async Task SearchAsync(VocabularyQuery query)
    {
        (Query, Page) = (query, 0);
        if (GeneratorOf(0) is not { } generator)
        {
            (Vocabulary, Match) = (null, null);
            Changed?.Invoke();
            return;
        }
        try
        {
            var vocabulary = await vocabularies.OfAsync(models.All.FirstOrDefault(loaded => loaded.Model.Id == generator.Model.Id) ?? generator);
            var match = await Task.Run(() => vocabulary.Search(query));
            if (query == Query)
            {
                (Vocabulary, Match) = (vocabulary, match);
                Announcement = match.Problem ?? (query.Text.Length > 0 ? $"{Numbers.Of(match.Ids.Count, "token")} found." : "");
                Changed?.Invoke();
            }
        }
        catch (Exception error)
        {
            // The edge: a remote server may come to grief on any of its tokens.
            LogUnexpected(error);
            Match = new([], "The model's vocabulary could not be read.");
            Changed?.Invoke();
        }
    }

    public void Dispose()
    {
        Changed = null;
        splitting?.Cancel();
    }

    /// <summary>The last text given is the one that counts.</summary>
    private async Task SplitAsync()
    {
        splitting?.Cancel();
        using var cancellation = new CancellationTokenSource();
        splitting = cancellation;
        try
        {
            // As the tokenizer reads it: what is not Unicode is U+FFFD.
            var text = Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(Text));
            var split = new SplitText?[2];
            for (var side = 0; side < (IsCompared ? 2 : 1); side++)
            {
                if (GeneratorOf(side) is { } generator)
                {
                    split[side] = await Task.Run(async () => new SplitText(text, await generator.TokenizeAsync(text, cancellation.Token), generator), cancellation.Token);
                }
            }
            if (!cancellation.IsCancellationRequested)
            {
                (splits[0], splits[1], Problem, Selected, Chips) = (split[0], split[1], null, null, ChipsAtOnce);
            }
        }
        catch (OperationCanceledException)
        {
            return; // a newer text is being split
        }
        catch (Exception error)
        {
            // The edge: what a tokenizer or a remote server came to grief on stands at the text.
            Problem = error is InvalidRequestException invalid ? string.Join(' ', invalid.Problems.Select(problem => $"The {problem.Field.ToLowerInvariant()} {problem.Message}")) : "The model could not split it.";
            if (error is not InvalidRequestException)
            {
                LogUnexpected(error);
            }
        }
        finally
        {
            if (splitting == cancellation)
            {
                splitting = null;
            }
        }
        Changed?.Invoke();
    }

    [LoggerMessage(LogLevel.Error, "A tokenizer failed unexpectedly")]
    private partial void LogUnexpected(Exception error);
}
