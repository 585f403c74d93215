using System.Text.Json;
using Kl3m.Inference;
using Kl3m.Playground.Classroom;
using Kl3m.Playground.Components.Pages.Classroom;
using Kl3m.Tests.Shared;

namespace Kl3m.Playground.Tests.Classroom;

/// <summary>Predict, then reveal.</summary>
public sealed class QuestionTests
{
    private static QuestionScene Question(Room room) => Assert.IsType<QuestionScene>(room.State.Scene);

    [Fact]
    public async Task Before_the_reveal_the_state_holds_no_probability()
    {
        using var rooms = new TestClass();
        var (teacher, room, _) = rooms.Open();
        await teacher.AskAsync("The Agreement shall be ");
        var json = JsonSerializer.Serialize(room.State);
        Assert.Null(Question(room).Reveal);
        Assert.DoesNotContain("robability", json, StringComparison.Ordinal);
        teacher.Do(new RevealModel());
        Assert.Contains("robability", JsonSerializer.Serialize(room.State), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Thirty_students_are_counted_once_each_however_often_they_vote_and_whoever_loses_the_line()
    {
        using var rooms = new TestClass();
        var (teacher, room, _) = rooms.Open();
        var students = Enumerable.Range(0, 30).Select(i => rooms.Join(room, $"S{i}")).ToList();
        await teacher.AskAsync("The Agreement shall be ");
        await Task.WhenAll(students.Select((student, i) => Task.Run(async () =>
        {
            await student.Student.VoteAsync("first thought");
            if (i % 3 == 0)
            {
                // The line breaks; a new page of the same browser comes back with its key and finds the vote.
                student.Student.SetConnected(false);
                var again = rooms.Visit();
                Assert.True(again.Return(room.Code, student.Key));
                Assert.Equal("first thought", Question(room).Votes[again.Me!.Id].Typed);
                await again.VoteAsync("governed");
            }
            else
            {
                await student.Student.VoteAsync("governed");
            }
        })));
        Assert.Equal(30, Question(room).Votes.Count);
        Assert.Equal([('g', 30)], Question(room).Tally().Select(row => ((char)row.TokenId, row.Count)));
    }

    [Fact]
    public async Task The_reveal_gives_each_student_the_models_surprisal_and_the_class_its_own()
    {
        using var rooms = new TestClass();
        var (teacher, room, _) = rooms.Open();
        var (first, _) = rooms.Join(room);
        var (second, _) = rooms.Join(room);
        await teacher.AskAsync("x ");
        var row = room.Row!;
        var likely = row.TokenIds[0];
        Assert.True(Vote(room, first, row.DrawnTokenId) && Vote(room, second, likely));
        teacher.Do(new RevealModel());
        var reveal = Question(room).Reveal!;
        Assert.Equal(row.DrawnTokenId, reveal.DrawnTokenId);
        Assert.Equal(-Math.Log2(row.Find(likely).Probability), second.Me!.Bits, 9);
        Assert.Equal(1, first.Me!.Guesses);
        var result = Assert.Single(room.State.Results);
        var votes = row.DrawnTokenId == likely ? 2 : 1;
        Assert.Equal(-Math.Log2((votes + 1.0 / row.VocabularySize) / 3), result.ClassBits, 9);
        Assert.Equal(row.Find(row.DrawnTokenId).Surprisal, result.ModelBits, 9);
        Assert.Equal(1, reveal.Rows.Sum(one => one.Probability) + Rest(reveal, row), 6);
    }

    [Fact]
    public async Task Votes_after_the_voting_is_closed_or_for_another_question_do_not_count()
    {
        using var rooms = new TestClass();
        var (teacher, room, _) = rooms.Open();
        var (student, key) = rooms.Join(room);
        await teacher.AskAsync("x ");
        teacher.Do(new LockVoting(true));
        await student.VoteAsync("late");
        Assert.Empty(Question(room).Votes);
        Assert.Equal("Voting is closed.", student.Problem);
        teacher.Do(new LockVoting(false));
        Assert.Equal(Refusal.Late, room.Do(key, new CastVote(7, 65, "A")));
        await student.VoteAsync("in time");
        teacher.Do(new RevealModel());
        await student.VoteAsync("too late");
        Assert.Equal("in time", Question(room).Votes[student.Me!.Id].Typed);
        Assert.False(teacher.Do(new RevealModel()));
        Assert.Single(room.State.Results);
        Assert.NotNull(student.Problem);
        await teacher.GoOnAsync(Question(room).Reveal!.DrawnTokenId);
        Assert.Null(student.Problem);
    }

    [Fact]
    public async Task Going_on_asks_behind_the_token_that_was_taken()
    {
        using var rooms = new TestClass();
        var (teacher, room, _) = rooms.Open();
        await teacher.AskAsync("The ");
        teacher.Do(new RevealModel());
        var drawn = Question(room).Reveal!.DrawnTokenId;
        await teacher.GoOnAsync(drawn);
        Assert.Equal(2, Question(room).Number);
        Assert.Equal(QuestionPhase.Voting, Question(room).Phase);
        Assert.Equal([drawn], Question(room).Place.CompletionTokenIds);
        Assert.StartsWith("The ", Question(room).Place.Text, StringComparison.Ordinal);
        teacher.Do(new RevealModel());
        await teacher.GoOnAsync("Contract");
        Assert.EndsWith("Contract", Question(room).Place.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Choices_are_in_the_order_of_the_alphabet_and_count_as_their_tokens()
    {
        using var rooms = new TestClass();
        var (teacher, room, _) = rooms.Open();
        var (student, _) = rooms.Join(room);
        teacher.OfferChoices = true;
        await teacher.AskAsync("x ");
        var choices = Question(room).Choices;
        Assert.Equal(5, choices.Count);
        Assert.Equal(choices.OrderBy(choice => choice.Text, StringComparer.OrdinalIgnoreCase), choices);
        await student.VoteAsync(choices[3].Text);
        Assert.Equal(choices[3].TokenId, Question(room).Votes[student.Me!.Id].TokenId);
    }

    [Fact]
    public async Task A_hidden_answer_still_counts()
    {
        using var rooms = new TestClass();
        var (teacher, room, _) = rooms.Open();
        var (student, _) = rooms.Join(room);
        await teacher.AskAsync("x ");
        await student.VoteAsync("rude");
        teacher.Do(new HideAnswer('r', true));
        Assert.Contains('r', Question(room).Hidden);
        Assert.Equal(1, Question(room).CountOf('r'));
    }

    [Fact]
    public async Task An_engine_that_fails_leaves_the_room_as_it_was_and_says_so()
    {
        using var rooms = new TestClass(new FakeTextGenerator { FailAt = (0, new EngineFailedException("The engine has stopped.")) });
        var (teacher, room, _) = rooms.Open();
        await teacher.AskAsync("x ");
        Assert.Null(room.State.Scene);
        Assert.Equal("The engine has stopped.", teacher.Problem);
        Assert.False(teacher.IsAsking);
    }

    [Theory]
    [InlineData("The law of ", "Delaware", 'D')]
    [InlineData("The law of ", "  Delaware", 'D')]
    [InlineData("The law of", " Delaware", ' ')]
    [InlineData("The law o", "f", 'f')]
    [InlineData("The law of ", "é", 0xC3)]
    public async Task Words_are_matched_to_tokens_as_the_tokenizer_goes_on(string text, string typed, int token) =>
        Assert.Equal(token, await Guess.FirstTokenAsync(new FakeTextGenerator(), new TextPlace([], [], text), typed));

    [Fact]
    public async Task A_text_of_nothing_is_no_vote_and_a_long_one_is_refused()
    {
        using var rooms = new TestClass();
        var (teacher, room, _) = rooms.Open();
        var (student, _) = rooms.Join(room);
        await teacher.AskAsync("x ");
        await student.VoteAsync("");
        await student.VoteAsync(new string('a', 81));
        Assert.Empty(Question(room).Votes);
        Assert.NotNull(student.Problem);
    }

    [Fact]
    public void The_chart_shows_what_was_drawn_and_everything_adds_up()
    {
        var logits = Enumerable.Range(0, 300).Select(i => -i / 10f).ToArray();
        var row = new NextToken(logits, 290);
        var votes = Enumerable.Range(0, 12).ToDictionary(i => $"s{i}", i => new Vote(i < 6 ? 5 : 100 + i, "word"));
        var question = new QuestionScene { Number = 1, Place = new([1], [], "x"), Votes = System.Collections.Immutable.ImmutableDictionary.CreateRange(votes) };
        var state = new RoomState { Code = "AAAAAA", TeacherKeyHash = "", Scene = question };
        var revealed = (QuestionScene)RoomRules.Apply(state, new(true, null), new RevealModel(), row).State.Scene!;
        var rows = MirrorRow.Of(revealed, 7);
        Assert.Equal(8, rows.Count);
        Assert.Contains(rows, one => one is { TokenId: 290, Drawn: true });
        Assert.Equal(1, rows.Sum(one => one.Probability), 9);
        Assert.Equal(12, rows.Sum(one => one.Votes));
        Assert.Equal(300, rows.Count - 1 + rows[^1].Others);
    }

    private static bool Vote(Room room, ClassroomState student, int token) => student.Do(new CastVote(Question(room).Number, token, "word"));

    private static double Rest(Reveal reveal, NextToken row) =>
        row.TokenIds.Except(reveal.Rows.Select(one => one.TokenId)).Sum(id => row.Find(id).Probability);
}
