using Kl3m.Inference.Engine;
using Kl3m.Tests.Shared;
using Microsoft.Extensions.Time.Testing;

namespace Kl3m.Inference.Tests.Engine;

/// <summary>Who waits, in which order, and what they are told.</summary>
public sealed class QueueTests
{
    [Fact]
    public async Task Those_who_wait_are_told_their_place_each_time_it_changes()
    {
        using var gate = new StepGate();
        var time = new FakeTimeProvider();
        await using var engine = await TestEngine.StartAsync(() => new() { BeforeStep = _ => Step(gate, time) }, new() { MaxRunning = 1 }, time);
        gate.Close();
        var first = engine.RunAsync(Endless("a", 100));
        await gate.ReachedAsync();
        await using var second = engine.Engine.GenerateAsync(Endless("b", 4)).GetAsyncEnumerator();
        Assert.Equal(1, (await PlaceAsync(second)).Place);
        await using var third = engine.Engine.GenerateAsync(Endless("c", 4)).GetAsyncEnumerator();
        var queued = await PlaceAsync(third);
        Assert.Equal(2, queued.Place);
        // A step takes a second; the first one has 100 at most to go, the second then takes 5.
        Assert.InRange(queued.Estimate!.Value.TotalSeconds, 6, 105);
        gate.Open();
        var (rest, last) = (await RestAsync(second), await RestAsync(third));
        Assert.DoesNotContain(await first, happened => happened is GenerationQueued);
        Assert.DoesNotContain(rest, happened => happened is GenerationQueued);
        Assert.Equal(new GenerationQueued(1, TimeSpan.FromSeconds(4)), last[0]);
        Assert.Equal(new PromptProgress(0, 1), last[1]);

        async Task<GenerationQueued> PlaceAsync(IAsyncEnumerator<GenerationEvent> events)
        {
            Assert.True(await events.MoveNextAsync());
            var place = events.MoveNextAsync().AsTask();
            while (!place.IsCompleted)
            {
                gate.Pass();
                await gate.ReachedAsync();
            }
            await place;
            return Assert.IsType<GenerationQueued>(events.Current);
        }

        static async Task<List<GenerationEvent>> RestAsync(IAsyncEnumerator<GenerationEvent> events)
        {
            var rest = new List<GenerationEvent>();
            while (await events.MoveNextAsync())
            {
                rest.Add(events.Current);
            }
            return rest;
        }
    }

    [Fact]
    public void Users_are_admitted_in_turns_even_when_each_holds_nothing_in_between()
    {
        var queue = new AdmissionQueue();
        var groups = new[] { "a", "a", "a", "b", "a", "b", "c" }.Select(user => Group(user)).ToList();
        groups.ForEach(queue.Add);
        var expected = queue.InOrder(new Dictionary<object, int>()).Select(group => groups.IndexOf(group)).ToList();
        var order = new List<int>();
        while (queue.Next(new Dictionary<object, int>(), most: 8) is { } next)
        {
            order.Add(groups.IndexOf(next));
            queue.Admit(next);
        }
        Assert.Equal([0, 3, 6, 1, 5, 2, 4], order);
        Assert.Equal(order, expected);
    }

    [Fact]
    public void Who_holds_most_comes_last()
    {
        var queue = new AdmissionQueue();
        var groups = new[] { "a", "b", "c", "a" }.Select(user => Group(user)).ToList();
        groups.ForEach(queue.Add);
        var held = new Dictionary<object, int> { ["a"] = 2, ["b"] = 1 };
        Assert.Equal([2, 1, 0, 3], queue.InOrder(held).Select(group => groups.IndexOf(group)));
        Assert.Same(groups[2], queue.Next(held, most: 8));
        queue.Admit(groups[2]);
        queue.Admit(groups[1]);
        Assert.Null(queue.Next(held, most: 2));
    }

    [Fact]
    public void Who_has_a_lower_priority_number_goes_ahead_whatever_they_hold()
    {
        var queue = new AdmissionQueue();
        var groups = new[] { Group("a"), Group("b"), Group("teacher", priority: -1), Group("c"), Group("teacher", priority: -1) }.ToList();
        groups.ForEach(queue.Add);
        var held = new Dictionary<object, int> { ["teacher"] = 3 };
        Assert.Equal([2, 4, 0, 1, 3], queue.InOrder(held).Select(group => groups.IndexOf(group)));
        Assert.Same(groups[2], queue.Next(held, most: 8));
        // Ahead in the line, not beyond a user's share.
        Assert.Same(groups[0], queue.Next(held, most: 3));
    }

    [Fact]
    public async Task A_teacher_is_served_before_the_students_who_waited_longer()
    {
        using var gate = new StepGate();
        await using var engine = await TestEngine.GatedAsync(gate, new() { MaxRunning = 1 });
        var told = 0;
        var running = RunAsync("first", 0, maxTokens: 250);
        await gate.ReachedAsync();
        var students = Enumerable.Range(0, 5).Select(i => RunAsync($"student {i}", 0)).ToList();
        await InLineAsync(5);
        var teacher = RunAsync("teacher", -1);
        await InLineAsync(6);
        gate.Open();
        await running;
        var queued = await teacher;
        Assert.All(await Task.WhenAll(students), student => Assert.True(student > queued));

        async Task<TimeSpan> RunAsync(string user, int priority, int maxTokens = 8)
        {
            var (isTold, finished) = (false, (GenerationFinished?)null);
            await foreach (var occurred in engine.Engine.GenerateAsync(TestEngine.Request(user, maxTokens) with { User = user, Priority = priority }))
            {
                if (occurred is GenerationQueued && !isTold)
                {
                    isTold = true;
                    Interlocked.Increment(ref told);
                }
                finished = occurred as GenerationFinished;
            }
            return finished!.Timings.Queued;
        }

        // A place in the line is taken before the engine knows of it, which it does between two steps.
        async Task InLineAsync(int count)
        {
            while (engine.Engine.Waiting < count)
            {
                await Task.Yield();
            }
            while (Volatile.Read(ref told) < count)
            {
                gate.Pass();
                await gate.ReachedAsync();
                await Task.Yield();
            }
        }
    }

    [Fact]
    public void The_forecast_counts_slots_and_memory_until_both_are_there()
    {
        var room = new CacheRoom(100, 1, IsShared: true);
        (long, long)[] running = [(10, 30), (20, 30), (5, 30)];
        var order = new[] { Group("a", prompt: 10, maxTokens: 10), Group("b", prompt: 10, maxTokens: 60), Group("c", prompt: 10, maxTokens: 10) };
        // a needs 20 blocks: 40 are free at 5, and it is through at 16. b needs 70: the 20 that a left, 30 at 10, a's own at 16. c needs 20: 30 at 20.
        Assert.Equal([5, 16, 20], AdmissionForecast.Starts(running, 2, 10, order, room));
        // With one slot and all the memory in the world the slots decide.
        Assert.Equal([0, 5, 10], AdmissionForecast.Starts(running, 1, 1_000_000, order, room));
    }

    [Fact]
    public async Task One_user_past_the_cap_is_told_so_while_others_come_in()
    {
        using var gate = new StepGate();
        await using var engine = await TestEngine.GatedAsync(gate, new() { MaxRunning = 1, MaxWaitingPerUser = 1 });
        var running = engine.RunAsync(TestEngine.Request() with { User = "a" });
        await gate.ReachedAsync();
        var waiting = engine.RunAsync(TestEngine.Request() with { User = "a" });
        while (engine.Engine.Waiting < 1)
        {
            await Task.Yield();
        }
        var busy = await Assert.ThrowsAsync<EngineBusyException>(() => engine.RunAsync(TestEngine.Request() with { User = "a" }));
        Assert.Equal(1, busy.Own);
        Assert.StartsWith("1 of your requests wait already", busy.Message, StringComparison.Ordinal);
        var other = engine.RunAsync(TestEngine.Request() with { User = "b" });
        gate.Open();
        Assert.All(await Task.WhenAll(running, waiting, other), events => Assert.IsType<GenerationFinished>(events[^1]));
    }

    [Fact]
    public async Task No_step_while_there_is_work_is_a_stall_and_rest_is_not()
    {
        using var gate = new StepGate();
        var time = new FakeTimeProvider();
        await using var engine = await TestEngine.StartAsync(() => new() { BeforeStep = _ => gate.Wait() }, new() { StallAfter = TimeSpan.FromSeconds(30) }, time);
        gate.Close();
        time.Advance(TimeSpan.FromHours(1));
        Assert.False(engine.Engine.IsStalled);
        var running = engine.RunAsync(TestEngine.Request(maxTokens: 2));
        await gate.ReachedAsync();
        time.Advance(TimeSpan.FromSeconds(29));
        Assert.False(engine.Engine.IsStalled);
        time.Advance(TimeSpan.FromSeconds(2));
        Assert.True(engine.Engine.IsStalled);
        gate.Open();
        await running;
        await engine.Runner.AllReleased();
        Assert.False(engine.Engine.IsStalled);
    }

    private static GenerationRequest Endless(string user, int maxTokens) =>
        TestEngine.Request(user) with { User = user, Sampling = new() { MaxTokens = maxTokens, StopAtEnd = false } };

    private static void Step(StepGate gate, FakeTimeProvider time)
    {
        gate.Wait();
        time.Advance(TimeSpan.FromSeconds(1));
    }

    private static SequenceGroup Group(string user, int prompt = 1, int maxTokens = 4, int priority = 0)
    {
        var line = new WaitingLine(100, 100, TimeProvider.System);
        return new(new() { Sampling = new() { MaxTokens = maxTokens }, Priority = priority }, new int[prompt], 1, [], line.Enter(user), line, TimeProvider.System);
    }
}
