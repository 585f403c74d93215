using Kl3m.Inference;
using Kl3m.Playground.Backends;
using Kl3m.Playground.Classroom;

namespace Kl3m.Playground.Components.Pages.Classroom;

/// <summary>What the teacher asks of the model for the class, and what a student answers.</summary>
internal sealed partial class ClassroomState
{
    public const int LongestText = 4_000;

    private const int MostSpaces = 4;

    /// <summary>The model is being asked.</summary>
    public bool IsAsking { get; private set; }

    /// <summary>Step over places where a single space is as good as certain: the class is asked for what stands behind it.</summary>
    public bool SkipSpaces { get; set; } = true;

    /// <summary>Offer the model's five most likely tokens, in the order of the alphabet, beside the free answer.</summary>
    public bool OfferChoices { get; set; }

    /// <summary>Asks what comes behind a text.</summary>
    public Task AskAsync(string text) => FromTextAsync(text, OpenQuestionAsync);

    /// <summary>Opens the sampler game behind a text.</summary>
    public Task StartGameAsync(string text) => FromTextAsync(text, OpenGameAsync);

    /// <summary>Why there can be no game with this model; null where there can.</summary>
    public string? NoGame => chosen.Generator is { Model: { TopOnly: { } top } model }
        ? $"{model.Id} runs on another server, which tells its {top} likeliest tokens only. The game lays the whole vocabulary out under the darts, so it needs a model that is loaded here."
        : null;

    /// <summary>Draws the curtain. Where a server tells its likeliest tokens only, it is asked for the others that have votes first.</summary>
    public async Task RevealAsync()
    {
        if (Room is not { Row: { Told: > 0 } row, State.Scene: QuestionScene { Reveal: null } } room || Generator is not { } generator)
        {
            await DoAsync(new RevealModel());
            return;
        }
        await AskingAsync(async () =>
        {
            if (await DoAsync(new LockVoting(true)) && room.State.Scene is QuestionScene question)
            {
                var untold = question.Votes.Values.Select(vote => vote.TokenId).Distinct().Where(id => row.Has(id) && !row.Knows(id)).ToList();
                await DoAsync(new RevealModel(await NextToken.AskForAsync(generator, question.Place, untold, User)));
            }
        });
    }

    /// <summary>The same question one token on.</summary>
    public Task GoOnAsync(int tokenId) => FromPlaceAsync(async (generator, place) =>
        await OpenQuestionAsync(generator, await PlaceAsync(generator, place.PromptTokenIds, [.. place.CompletionTokenIds, tokenId])));

    /// <summary>The same question behind words of the teacher's own.</summary>
    public Task GoOnAsync(string words) => FromPlaceAsync(async (generator, place) =>
    {
        var text = char.IsWhiteSpace(place.Text[^1]) ? words.TrimStart() : words;
        var ids = (await generator.TokenizeAsync(text)).Select(span => span.TokenId);
        await OpenQuestionAsync(generator, await PlaceAsync(generator, place.PromptTokenIds, [.. place.CompletionTokenIds, .. ids]));
    });

    /// <summary>Asks at the token that is selected on the playground's page: what would you have written here?</summary>
    public async Task AskAtSelectedAsync()
    {
        if (pages.Playground.Run is not { } run || pages.Playground.Selected is not { } selected || run.Find(selected) is null)
        {
            Tell(new(RefusalKind.Invalid, "Select a token of a text first: press it, and then ask."));
        }
        else if (catalogue.Find(run.Model.Id) is not { } generator)
        {
            Tell(new(RefusalKind.Later, $"{run.Model.Id} wrote this text and is not loaded any more. Generate anew, or load it again."));
        }
        else
        {
            await AskingAsync(async () => await OpenQuestionAsync(generator, await PlaceAsync(generator, run.PromptTokenIds,
                [.. run.Request.CompletionTokenIds, .. run.Sequences[selected.Sequence].Tokens.Take(selected.Position).Select(token => token.Score.TokenId)])));
        }
    }

    /// <summary>A student's answer, in words or by choice; the last one counts.</summary>
    public async Task VoteAsync(string typed)
    {
        if (Room?.State.Scene is not QuestionScene question)
        {
            Tell(Refusal.Late);
            return;
        }
        if (Generator is not { } generator)
        {
            Tell(new(RefusalKind.Later, $"This server does not have {question.Place.Model}, which the class asks. Try again in a moment."));
            return;
        }
        if (typed.Length > Vote.Longest)
        {
            Tell(new(RefusalKind.Invalid, $"An answer has at most {Vote.Longest} letters; its first token counts."));
            return;
        }
        var chosen = question.Choices.FirstOrDefault(choice => choice.Text == typed);
        if ((chosen?.TokenId ?? await Guess.FirstTokenAsync(generator, question.Place, typed, Room.Row)) is { } token)
        {
            await DoAsync(new CastVote(question.Number, token, typed));
        }
        else
        {
            Tell(new(RefusalKind.Invalid, "Write what comes next, a word or a sign."));
        }
    }

    private Task FromTextAsync(string text, Func<ITextGenerator, TextPlace, Task> open) => AskingAsync(async () =>
    {
        if (chosen.Generator is not { } generator)
        {
            Problem = "There is no model yet.";
        }
        else if (text.Length is 0 or > LongestText)
        {
            Problem = $"The text has 1 to {LongestText:N0} letters.";
        }
        else
        {
            var beginning = await Beginning.ForAsync(generator, text);
            var ids = (await generator.TokenizeAsync(beginning)).Select(span => span.TokenId).ToArray();
            await open(generator, new(ids, [], beginning, generator.Model.Id));
        }
    });

    private Task FromPlaceAsync(Func<ITextGenerator, TextPlace, Task> open) => AskingAsync(async () =>
    {
        if (Room?.State.Scene is not QuestionScene { Phase: QuestionPhase.Revealed } question)
        {
            return;
        }
        if (catalogue.Find(question.Place.Model) is { } generator)
        {
            await open(generator, question.Place);
        }
        else
        {
            Problem = $"{question.Place.Model} is not loaded any more, and no other model can go on with its tokens. Load it again, or take another beginning.";
        }
    });

    private async Task OpenQuestionAsync(ITextGenerator generator, TextPlace place)
    {
        var (at, row) = await BehindSpacesAsync(generator, place);
        IReadOnlyList<Choice> choices = OfferChoices
            ? [.. row.TokenIds.Select(id => (Text: TextOf(generator, id), Id: id)).Where(token => token.Text.Trim().Length > 0).Take(5)
                .OrderBy(token => token.Text, StringComparer.OrdinalIgnoreCase).Select(token => new Choice(token.Text, token.Id))]
            : [];
        Asked(generator);
        await DoAsync(new AskQuestion(at, choices), row);
    }

    private async Task OpenGameAsync(ITextGenerator generator, TextPlace place)
    {
        if (NoGame is { } why)
        {
            Problem = why;
            return;
        }
        var (at, row) = await BehindSpacesAsync(generator, place);
        Asked(generator);
        await DoAsync(new StartGame(at, 1, (ulong)Random.Shared.Next(100_000, 1_000_000)), row);
    }

    private void Asked(ITextGenerator generator)
    {
        if (Room is { } room)
        {
            room.Asked = generator;
        }
    }

    private async Task<(TextPlace Place, NextToken Row)> BehindSpacesAsync(ITextGenerator generator, TextPlace place)
    {
        var row = await NextToken.AskAsync(generator, place, User);
        for (var stepped = 0; SkipSpaces && stepped < MostSpaces && row.Find(row.TokenIds[0]).Probability >= 0.5 && TextOf(generator, row.TokenIds[0]) == " "; stepped++)
        {
            place = await PlaceAsync(generator, place.PromptTokenIds, [.. place.CompletionTokenIds, row.TokenIds[0]]);
            row = await NextToken.AskAsync(generator, place, User);
        }
        return (place, row);
    }

    private static async Task<TextPlace> PlaceAsync(ITextGenerator generator, IReadOnlyList<int> prompt, IReadOnlyList<int> completion) =>
        new(prompt, completion, await generator.DetokenizeAsync([.. prompt, .. completion]), generator.Model.Id);

    private static string TextOf(ITextGenerator generator, int tokenId) =>
        generator.Describe(tokenId) is { IsSpecial: false } entry ? System.Text.Encoding.UTF8.GetString(entry.Bytes.Span) : "";

    private async Task AskingAsync(Func<Task> ask)
    {
        if (IsAsking || !IsTeacher)
        {
            return;
        }
        (IsAsking, Problem) = (true, null);
        Changed?.Invoke();
        try
        {
            await ask();
        }
        catch (Exception failure)
        {
            // The edge: the class should see a sentence, not a dead page.
            Problem = FailureWords.Of(failure);
            if (FailureWords.IsUnexpected(failure))
            {
                LogAskingFailed(failure);
            }
        }
        finally
        {
            IsAsking = false;
            Changed?.Invoke();
        }
    }

    [LoggerMessage(LogLevel.Warning, "A classroom's question to the model failed")]
    private partial void LogAskingFailed(Exception failure);
}
