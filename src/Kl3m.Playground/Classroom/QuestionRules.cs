using System.Collections.Immutable;

namespace Kl3m.Playground.Classroom;

/// <summary>Predict, then reveal: the part of <see cref="RoomRules"/> that knows questions.</summary>
internal static class QuestionRules
{
    private const int MostChoices = 8;

    public static (RoomState, Refusal?) Ask(RoomState room, AskQuestion ask, NextToken? row)
    {
        if (row is null || ask.Choices.Count > MostChoices || ask.Choices.Any(choice => !row.Has(choice.TokenId) || choice.Text.Length > Vote.Longest))
        {
            return (room, new(RefusalKind.Invalid, $"A question has at most {MostChoices} choices of {Vote.Longest} letters."));
        }
        var question = new QuestionScene { Number = room.Questions + 1, Place = ask.Place, Choices = ask.Choices };
        return (room with { Scene = question, Questions = room.Questions + 1 }, null);
    }

    public static (RoomState, Refusal?) Cast(RoomState room, QuestionScene question, Student who, CastVote vote)
    {
        if (vote.Number != question.Number)
        {
            return (room, Refusal.Late);
        }
        if (question.Phase != QuestionPhase.Voting)
        {
            return (room, new(RefusalKind.Gone, "Voting is closed."));
        }
        if (vote.Typed.Length is 0 or > Vote.Longest || vote.TokenId < 0)
        {
            return (room, new(RefusalKind.Invalid, $"An answer has 1 to {Vote.Longest} letters."));
        }
        return (room with { Scene = question with { Votes = question.Votes.SetItem(who.Id, new(vote.TokenId, vote.Typed)) } }, null);
    }

    public static (RoomState, Refusal?) Change(RoomState room, QuestionScene question, TeacherCommand command, NextToken? row) => command switch
    {
        HideAnswer hide => (room with { Scene = question with { Hidden = hide.On ? question.Hidden.Add(hide.TokenId) : question.Hidden.Remove(hide.TokenId) } }, null),
        _ when question.Phase == QuestionPhase.Revealed => (room, Refusal.Late),
        LockVoting locked => (room with { Scene = question with { Phase = locked.On ? QuestionPhase.Locked : QuestionPhase.Voting } }, null),
        ClearVotes => (room with { Scene = question with { Votes = ImmutableDictionary<string, Vote>.Empty } }, null),
        RevealModel when row is null => (room, new(RefusalKind.Later, "The model's answer is not there; ask the question again.")),
        RevealModel reveal => (Reveal(room, question, row, reveal.Told ?? new Dictionary<int, double>()), null),
        _ => (room, Refusal.Late),
    };

    private static RoomState Reveal(RoomState room, QuestionScene question, NextToken row, IReadOnlyDictionary<int, double> told)
    {
        RevealedToken Find(int id) => row.Knows(id) || !told.TryGetValue(id, out var probability) ? row.Find(id) : new(id, probability, 0);

        int[] shown = [.. row.TokenIds.Take(RoomRules.TopRows).Append(row.DrawnTokenId).Concat(question.Votes.Values.Select(vote => vote.TokenId)).Where(row.Has).Distinct()];
        var rows = shown.Select(Find).OrderBy(token => token.Rank == 0 ? int.MaxValue : token.Rank).ThenByDescending(token => token.Probability).ToArray();
        var revealed = question with { Phase = QuestionPhase.Revealed, Reveal = new(rows, row.DrawnTokenId, row.Entropy, row.VocabularySize) };
        var result = new QuestionResult(question.Number, row.DrawnTokenId, question.Votes.Count,
            -Math.Log2(question.ClassShare(row.DrawnTokenId, row.VocabularySize)), Find(row.DrawnTokenId).Surprisal, question.Place.Model);
        return room with
        {
            Scene = revealed,
            Results = RoomRules.Append(room.Results, result),
            Students = [.. room.Students.Select(student => question.Votes.TryGetValue(student.Id, out var vote) && row.Has(vote.TokenId) && Find(vote.TokenId) is { IsTold: true } guess
                ? student with { Bits = student.Bits + guess.Surprisal, Guesses = student.Guesses + 1 }
                : student)],
        };
    }
}
