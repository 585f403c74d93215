using Kl3m.Inference.Engine;
using Kl3m.Tests.Shared;

namespace Kl3m.Inference.Tests.Engine;

/// <summary>The scheduler alone: steps are planned and taken as done, nothing is sampled.</summary>
public sealed class SchedulerTests : IDisposable
{
    private readonly FakeModelRunner runner = new(contextLength: 10_000) { Room = 8_000 };
    private int added;
    private readonly WaitingLine line = new(1000, 1000, TimeProvider.System);

    [Fact]
    public void Decodes_come_first_then_prompts_as_far_as_the_budget_goes()
    {
        var scheduler = Make(tokenBudget: 32);
        Add(scheduler, prompt: 20);
        Add(scheduler, prompt: 50);
        Assert.Equal([20, 12], Run(scheduler));
        Assert.Equal([1, 31], Run(scheduler));
        Assert.Equal([1, 7], Run(scheduler));
        Assert.Equal([1, 1], Run(scheduler));
    }

    [Fact]
    public void Logits_are_computed_only_where_a_token_is_drawn()
    {
        var scheduler = Make(tokenBudget: 32);
        Add(scheduler, prompt: 50);
        Add(scheduler, prompt: 40, maxTokens: 0);
        var rows = Enumerable.Range(0, 3).Select(_ =>
        {
            var step = scheduler.Schedule();
            Do(step);
            return step.LogitRows;
        });
        Assert.Equal([0, 0, 1], rows);
    }

    [Fact]
    public void Prompts_get_on_even_when_those_who_write_use_the_budget_up()
    {
        var scheduler = Make(tokenBudget: 16);
        Add(scheduler, prompt: 1, sequences: 40);
        Run(scheduler);
        Add(scheduler, prompt: 30);
        var step = scheduler.Schedule();
        Assert.Equal(4, step.Items[^1].Chunk.TokenIds.Length);
    }

    [Fact]
    public void A_newcomer_is_read_in_a_short_step_of_its_own_but_never_two_in_a_row()
    {
        var scheduler = Make(tokenBudget: 64);
        Add(scheduler, prompt: 1, sequences: 20, user: "a");
        Run(scheduler);
        Add(scheduler, prompt: 5, user: "b");
        Assert.Equal([5], Run(scheduler));
        Add(scheduler, prompt: 7, user: "c");
        Assert.Equal([.. Enumerable.Repeat(1, 21), 7], Run(scheduler));
        // One more request of a user who is being served is none of a newcomer.
        Add(scheduler, prompt: 9, user: "a");
        Assert.Equal([.. Enumerable.Repeat(1, 22), 9], Run(scheduler));
    }

    [Fact]
    public void The_last_of_slots_and_memory_is_for_those_who_have_nothing_yet()
    {
        var scheduler = Make(options: new() { MaxRunning = 16, MaxRunningPerUser = 16 });
        var first = Add(scheduler, prompt: 1, sequences: 10, user: "a");
        var more = Add(scheduler, prompt: 1, sequences: 5, user: "a");
        Run(scheduler);
        Assert.Equal((10, 0), (first.SlotsHeld, more.SlotsHeld));
        var other = Add(scheduler, prompt: 1, sequences: 6, user: "b");
        Run(scheduler);
        Assert.Equal((6, 0), (other.SlotsHeld, more.SlotsHeld));
        scheduler.Remove(first);
        scheduler.Remove(other);
        scheduler.Remove(more);

        // 8,000 tokens in all, of which 1,000 stay free.
        Add(scheduler, prompt: 3000, maxTokens: 3500, user: "a");
        var large = Add(scheduler, prompt: 500, maxTokens: 500, user: "a");
        Run(scheduler);
        Assert.Equal(0, large.SlotsHeld);
        Assert.Equal(1, Add(scheduler, prompt: 500, maxTokens: 500, user: "b") is var small && Run(scheduler).Length > 0 ? small.SlotsHeld : -1);
    }

    [Fact]
    public void Users_take_turns_and_each_is_served_in_order()
    {
        var scheduler = Make(tokenBudget: 10);
        var a1 = Add(scheduler, prompt: 10, user: "a");
        var a2 = Add(scheduler, prompt: 10, user: "a");
        var b1 = Add(scheduler, prompt: 20, user: "b");
        var nobody = Add(scheduler, prompt: 10);
        var order = Enumerable.Range(0, 5).Select(_ => Prefilled(scheduler)).ToList();
        Assert.Equal([a1, b1, nobody, a2, b1], order);
    }

    [Fact]
    public void A_user_leaves_room_for_others_but_an_idle_engine_takes_a_large_request()
    {
        var scheduler = Make(options: new() { MaxRunning = 12, MaxRunningPerUser = 4 });
        var large = Add(scheduler, prompt: 1, sequences: 6, user: "a");
        var second = Add(scheduler, prompt: 1, user: "a");
        var other = Add(scheduler, prompt: 1, sequences: 4, user: "b");
        Run(scheduler);
        Assert.Equal((6, 0, 4), (large.SlotsHeld, second.SlotsHeld, other.SlotsHeld));
        scheduler.Remove(large);
        Run(scheduler);
        Assert.Equal(1, second.SlotsHeld);
    }

    [Fact]
    public void Nobody_overtakes_the_one_who_waits_for_room()
    {
        var scheduler = Make(options: new() { MaxRunning = 4, MaxRunningPerUser = 4 });
        var first = Add(scheduler, prompt: 1, sequences: 2, user: "a");
        var large = Add(scheduler, prompt: 1, sequences: 4, user: "b");
        var small = Add(scheduler, prompt: 1, user: "c");
        Run(scheduler);
        Assert.Equal((2, 0, 0), (first.SlotsHeld, large.SlotsHeld, small.SlotsHeld));
        scheduler.Remove(first);
        Run(scheduler);
        Assert.Equal((4, 0), (large.SlotsHeld, small.SlotsHeld));
    }

    [Fact]
    public void Room_is_reserved_for_all_tokens_that_may_come_or_none_is_taken()
    {
        var scheduler = Make();
        Add(scheduler, prompt: 1000, maxTokens: 1000, sequences: 3);
        var waiting = Add(scheduler, prompt: 1000, maxTokens: 1000, sequences: 4);
        scheduler.Schedule();
        Assert.Equal(3, runner.Slots.Count);
        Assert.Equal(0, waiting.SlotsHeld);
        Assert.Equal(1, line.Waiting);
    }

    [Fact]
    public void What_is_to_be_scored_never_asks_for_more_rows_than_the_buffer_holds()
    {
        var scheduler = Make(tokenBudget: 4096);
        Add(scheduler, prompt: 1, maxTokens: 50, sequences: 50);
        Run(scheduler);
        foreach (var _ in Enumerable.Range(0, 3))
        {
            Add(scheduler, prompt: 700, maxTokens: 20, scorePrompt: true);
        }
        for (var left = 2100; left > 0;)
        {
            var step = scheduler.Schedule();
            Assert.InRange(step.LogitRows, 1, Scheduler.MaxLogitRows);
            left -= step.Items.Where(item => item.Chunk.Wanted == LogitsWanted.All).Sum(item => item.Chunk.TokenIds.Length);
            Do(step);
        }
    }

    public void Dispose() => runner.Dispose();

    private Scheduler Make(int tokenBudget = 1024, EngineOptions? options = null) =>
        new(runner, ByteTokenizer.Tokenizer, (options ?? new()) with { TokenBudget = tokenBudget, MaxRunningPerUser = options?.MaxRunningPerUser ?? 64 });

    private SequenceGroup Add(Scheduler scheduler, int prompt, int maxTokens = 10, int sequences = 1, string? user = null, bool scorePrompt = false)
    {
        var request = new GenerationRequest { User = user, ScorePrompt = scorePrompt, Sampling = new() { MaxTokens = maxTokens, Sequences = sequences } };
        var ids = new int[prompt];
        Array.Fill(ids, ++added % 250); // no two of a test's prompts begin alike
        var group = new SequenceGroup(request, ids, 1, [], line.Enter(user), line, TimeProvider.System);
        scheduler.Add(group);
        return group;
    }

    /// <summary>Takes a step as done; a sequence that decodes computes its last token again and again.</summary>
    private static int[] Run(Scheduler scheduler)
    {
        var step = scheduler.Schedule();
        Do(step);
        return [.. step.Items.Select(item => item.Chunk.TokenIds.Length)];
    }

    private static void Do(Step step)
    {
        foreach (var (sequence, chunk) in step.Items)
        {
            sequence.Computed += chunk.TokenIds.Length;
            if (sequence.Computed == sequence.Tokens.Length && sequence.Group.MaxTokens > 0)
            {
                sequence.Append(new(new() { TokenId = 'x', RawLogprob = 0, FinalLogprob = 0, Rank = 1, Entropy = 0, Alternatives = [] }, new([], null, 0, 1, 1)));
            }
        }
    }

    private static SequenceGroup Prefilled(Scheduler scheduler)
    {
        var step = scheduler.Schedule();
        Do(step);
        return step.Items[^1].Sequence.Group;
    }
}
