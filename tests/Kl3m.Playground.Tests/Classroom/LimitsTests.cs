using Kl3m.Inference;
using Kl3m.Playground.Classroom;
using Kl3m.Playground.Components.Pages.Playground;

namespace Kl3m.Playground.Tests.Classroom;

/// <summary>What students may ask of the engine at their own desks.</summary>
public sealed class LimitsTests
{
    private static readonly GenerationRequest Small = new() { Prompt = "x", Sampling = new() { MaxTokens = 100 } };

    [Fact]
    public void Tokens_in_work_are_bounded_and_come_back_when_the_work_is_done()
    {
        using var rooms = new TestClass();
        var use = new RoomUse(rooms.Time);
        var limits = new RoomLimits(RunningTokens: 250, RequestsPerMinute: 100);
        var first = use.Admit("a", limits, Small);
        use.Admit("a", limits, Small);
        Assert.Throws<EngineBusyException>(() => use.Admit("a", limits, Small));
        use.Admit("b", limits, Small);
        first.Dispose();
        first.Dispose();
        use.Admit("a", limits, Small);
        Assert.Throws<EngineBusyException>(() => use.Admit("a", limits, Small));
        Assert.Throws<InvalidRequestException>(() => use.Admit("c", limits, Small with { Sampling = new() { MaxTokens = 100, Sequences = 3 } }));
    }

    [Fact]
    public void Requests_a_minute_are_bounded_and_the_wait_is_told()
    {
        using var rooms = new TestClass();
        var use = new RoomUse(rooms.Time);
        var limits = new RoomLimits(RunningTokens: 1000, RequestsPerMinute: 2);
        use.Admit("a", limits, Small).Dispose();
        rooms.Time.Advance(TimeSpan.FromSeconds(20));
        use.Admit("a", limits, Small).Dispose();
        var busy = Assert.Throws<EngineBusyException>(() => use.Admit("a", limits, Small));
        Assert.Equal(TimeSpan.FromSeconds(40), busy.RetryAfter);
        rooms.Time.Advance(busy.RetryAfter);
        use.Admit("a", limits, Small).Dispose();
    }

    [Fact]
    public async Task The_playground_of_a_student_keeps_to_the_rooms_limits_and_the_teachers_does_not()
    {
        using var rooms = new TestClass();
        var (teacher, room, _) = rooms.Open();
        teacher.Do(new SetLimits(new(RunningTokens: 50)));
        var desk = new Desk();
        var playground = rooms.Playground(desk);
        var student = rooms.Visit(playground, desk: desk);
        student.Join(room.Code, null);
        await playground.GenerateAsync();
        Assert.Null(playground.Run);
        Assert.Contains(playground.Problems, problem => problem.Sentence.Contains("teacher allows 50", StringComparison.Ordinal));
        playground.Change(sampling => sampling with { Sequences = 1 });
        await playground.GenerateAsync();
        Assert.Equal(32, playground.Run!.TokenCount);
        student.Leave();
        playground.Change(sampling => sampling with { Sequences = 3 });
        await playground.GenerateAsync();
        Assert.Equal(96, playground.Run.TokenCount);
    }

    [Fact]
    public async Task In_a_pause_students_generate_nothing_and_are_in_line_for_its_end()
    {
        using var rooms = new TestClass();
        var (teacher, room, _) = rooms.Open();
        var desk = new Desk();
        var playground = rooms.Playground(desk);
        rooms.Visit(playground, desk: desk).Join(room.Code, null);
        teacher.Do(new FreezeRoom(true));
        await playground.GenerateAsync();
        Assert.Null(playground.Run);
        Assert.Contains("paused", playground.Waiting?.Reason, StringComparison.Ordinal);
        playground.Stop();
        teacher.Do(new FreezeRoom(false));
        await playground.GenerateAsync();
        Assert.Equal(96, playground.Run!.TokenCount);
    }

    [Fact]
    public void A_student_is_one_user_of_the_engine_on_every_page()
    {
        using var rooms = new TestClass();
        var (_, room, _) = rooms.Open();
        var desk = new Desk();
        var student = rooms.Visit(desk: desk);
        student.Join(room.Code, null);
        Assert.Equal($"room:{room.Code}:{student.Me!.Id}", desk.Seat!.User);
        student.Leave();
        Assert.Null(desk.Seat);
    }
}
