using Kl3m.Inference.Engine;
using Kl3m.Inference.Models;
using TorchSharp;

namespace Kl3m.Inference.Tests.Models;

public sealed class ModelRunnerTests
{
    private static readonly GptNeoXConfig Tiny = new()
    {
        VocabSize = 20, HiddenSize = 16, NumHiddenLayers = 2, NumAttentionHeads = 2, IntermediateSize = 16, MaxPositionEmbeddings = 8,
    };

    /// <summary>2 layers: keys of 2 heads of 8 floats, values filled up to 32.</summary>
    private const long BytesPerToken = 2 * (2 * 8 + 2 * 32) * 4;

    [Fact]
    public void A_slot_is_refused_where_memory_ends_and_given_again_once_some_is_released()
    {
        using var runner = New(cacheTokens: 160);
        var first = runner.TryAcquire(90)!.Value;
        Assert.NotNull(runner.TryAcquire(64));
        Assert.Null(runner.TryAcquire(1));
        Assert.Equal((10, 10), (runner.Room.Blocks, runner.BlocksUsed));
        runner.Release(first);
        Assert.Null(runner.TryAcquire(97));
        Assert.NotNull(runner.TryAcquire(96));
    }

    [Fact]
    public void Memory_that_no_machine_has_is_refused_without_being_asked_for()
    {
        using var runner = New(cacheTokens: 16);
        Assert.Null(runner.TryAcquire(int.MaxValue));
        Assert.Equal(0, runner.BlocksUsed);
    }

    [Fact]
    public void Many_steps_leave_no_tensor_behind()
    {
        using var runner = New();
        var slot = runner.TryAcquire(64)!.Value;
        var logits = new float[runner.VocabularySize];
        runner.Run([new(slot, 0, new[] { 1, 2, 3 }, LogitsWanted.Last)], logits);
        var before = DisposeScopeManager.Statistics.ThreadTotalLiveCount;
        for (var position = 3; position < 60; position += 4)
        {
            runner.Run([new(slot, position, new[] { 4 }, LogitsWanted.Last)], logits);
            runner.Run([new(slot, position + 1, new[] { 5, 6 }, LogitsWanted.None)], logits);
            var other = runner.TryAcquire(4)!.Value;
            runner.CopyPrefix(slot, other, 2);
            runner.Run([new(slot, position + 3, new[] { 8 }, LogitsWanted.Last), new(other, 2, new[] { 7 }, LogitsWanted.None)], logits);
            runner.Release(other);
        }
        Assert.Equal(before, DisposeScopeManager.Statistics.ThreadTotalLiveCount);
    }

    [Fact]
    public void A_failed_load_or_a_disposed_runner_leaves_no_tensor_behind()
    {
        var before = DisposeScopeManager.Statistics.ThreadTotalLiveCount;
        Assert.Throws<InvalidOperationException>(() => new GptNeoXModel(Tiny, (name, shape) => name == "embed_out.weight" ? throw new InvalidOperationException() : torch.zeros(shape)));
        var runner = New();
        runner.TryAcquire(4);
        runner.Dispose();
        Assert.Equal(before, DisposeScopeManager.Statistics.ThreadTotalLiveCount);
    }

    [Fact]
    public void A_slot_may_go_back_and_write_over_what_it_held()
    {
        using var runner = New();
        float[] Row(params (int Start, int[] Ids)[] steps)
        {
            var slot = runner.TryAcquire(8)!.Value;
            var logits = new float[runner.VocabularySize];
            foreach (var (start, ids) in steps)
            {
                runner.Run([new(slot, start, ids, LogitsWanted.Last)], logits);
            }
            runner.Release(slot);
            return logits;
        }
        var straight = Row((0, [1, 2, 3]), (3, [4]));
        var back = Row((0, [1, 2, 9, 9, 9]), (2, [3]), (3, [4]));
        Assert.All(straight.Zip(back), pair => Assert.Equal(pair.First, pair.Second, 1e-5f));
    }

    [Fact]
    public void Slots_with_a_common_beginning_hold_it_once_and_each_goes_its_own_way()
    {
        using var runner = New(cacheTokens: 160);
        var prompt = Enumerable.Range(0, 70).Select(i => i % 20).ToArray();
        var first = runner.TryAcquire(90)!.Value;
        runner.Run([new(first, 0, prompt, LogitsWanted.None)], []);
        Assert.Null(runner.TryAcquire(90));
        var second = runner.TryAcquire(90, shared: 70)!.Value;
        runner.CopyPrefix(first, second, 70);
        // 6 blocks of the first, of which the second shares the 4 whole ones.
        Assert.Equal(8, runner.BlocksUsed);

        var (together, alone) = (new float[2 * 20], new float[2 * 20]);
        runner.Run([new(first, 70, new[] { 1, 2 }, LogitsWanted.Last), new(second, 70, new[] { 3 }, LogitsWanted.Last)], together);
        runner.Release(first);
        Assert.Equal(6, runner.BlocksUsed);
        runner.Run([new(second, 71, new[] { 4 }, LogitsWanted.Last)], together.AsSpan(20));
        runner.Retire(second);
        Assert.Equal(5, runner.BlocksUsed);

        using var other = New(cacheTokens: 160);
        var slot = other.TryAcquire(90)!.Value;
        other.Run([new(slot, 0, prompt, LogitsWanted.None)], []);
        other.Run([new(slot, 70, new[] { 3 }, LogitsWanted.None)], []);
        other.Run([new(slot, 71, new[] { 4 }, LogitsWanted.Last)], alone.AsSpan(20));
        Assert.Equal(alone[20..], together[20..], (a, b) => Math.Abs(a - b) < 1e-5f);
    }

    [Fact]
    public void Mistakes_of_the_caller_are_named_and_change_nothing()
    {
        using var runner = New();
        var slot = runner.TryAcquire(4)!.Value;
        var logits = new float[runner.VocabularySize];
        runner.Run([new(slot, 0, new[] { 1, 2 }, LogitsWanted.Last)], logits);
        void Fails(string message, params Chunk[] chunks) =>
            Assert.Contains(message, Assert.ThrowsAny<ArgumentException>(() => runner.Run(chunks, logits)).Message, StringComparison.Ordinal);

        Fails("no slot 99", new Chunk(99, 0, new[] { 1 }, LogitsWanted.Last));
        Fails("holds no tokens", new Chunk(slot, 2, Array.Empty<int>(), LogitsWanted.Last));
        Fails("holds 2 of 4 tokens; 1 cannot be put at 3", new Chunk(slot, 3, new[] { 1 }, LogitsWanted.Last));
        Fails("3 cannot be put at 2", new Chunk(slot, 2, new[] { 1, 1, 1 }, LogitsWanted.Last));
        Fails("cannot be put at -1", new Chunk(slot, -1, new[] { 1 }, LogitsWanted.Last));
        Fails("Token id 20 is outside the vocabulary of 20", new Chunk(slot, 2, new[] { 20 }, LogitsWanted.Last));
        Fails("Token id -1 is outside", new Chunk(slot, 2, new[] { -1 }, LogitsWanted.Last));
        Fails("occurs twice", new Chunk(slot, 2, new[] { 1 }, LogitsWanted.Last), new Chunk(slot, 2, new[] { 1 }, LogitsWanted.None));
        var whole = runner.TryAcquire(32)!.Value;
        runner.Run([new(whole, 0, Enumerable.Repeat(1, 20).ToArray(), LogitsWanted.None)], []);
        runner.CopyPrefix(whole, runner.TryAcquire(32)!.Value, 20);
        Fails("shares its tokens from 15 on", new Chunk(whole, 15, new[] { 1 }, LogitsWanted.Last));
        Assert.Throws<ArgumentException>(() => runner.CopyPrefix(whole, slot, 1));
        Fails("2 rows of 20 logits do not fit into 20", new Chunk(slot, 2, new[] { 1, 1 }, LogitsWanted.All));
        Assert.Throws<ArgumentOutOfRangeException>(() => runner.CopyPrefix(slot, runner.TryAcquire(1)!.Value, 2));
        Assert.Throws<ArgumentOutOfRangeException>(() => runner.TryAcquire(0));
        Assert.Throws<ArgumentException>(() => runner.Release(99));
        runner.Run([], []);
        runner.Run([new(slot, 2, new[] { 1, 1 }, LogitsWanted.Last)], logits);
    }

    [Fact]
    public void Another_thread_is_turned_away()
    {
        using var runner = New();
        Exception? error = null;
        var thread = new Thread(() => error = Record.Exception(() => runner.TryAcquire(1)));
        thread.Start();
        thread.Join();
        Assert.IsType<InvalidOperationException>(error);
    }

    [Fact]
    public void More_rows_than_the_head_does_at_once_come_out_in_order()
    {
        using var runner = New();
        var ids = Enumerable.Range(0, 600).Select(i => i * 7 % 20).ToArray();
        var (whole, parts) = (new float[600 * 20], new float[600 * 20]);
        var slot = runner.TryAcquire(601)!.Value;
        runner.Run([new(slot, 0, ids, LogitsWanted.All)], whole);
        for (var i = 0; i < 600; i += 100)
        {
            runner.Run([new(slot, i, ids.AsMemory(i, 100), LogitsWanted.All)], parts.AsSpan(i * 20));
        }
        Assert.All(whole.Zip(parts), pair => Assert.Equal(pair.First, pair.Second, 1e-4f));

        // With a row that nobody wants, the others are picked one by one.
        var other = runner.TryAcquire(1)!.Value;
        var picked = new float[600 * 20];
        runner.Run([new(other, 0, new[] { 1 }, LogitsWanted.None), new(slot, 0, ids, LogitsWanted.All)], picked);
        Assert.All(whole.Zip(picked), pair => Assert.Equal(pair.First, pair.Second, 1e-4f));
    }

    [Theory, InlineData(false), InlineData(true)]
    public void Bf16_is_fp32_to_the_precision_of_bf16(bool packed)
    {
        if (packed && !PackedLinear.Serves(torch.ScalarType.BFloat16, torch.CPU))
        {
            Assert.Skip("this CPU does not multiply bf16");
        }
        using var exact = New();
        var model = GptNeoXVariantTests.Random(Tiny, dtype: torch.ScalarType.BFloat16);
        using var rounded = new ModelRunner(model, 1 << 20);
        Assert.Equal(("fp32", "bf16", "cpu"), (exact.Dtype, rounded.Dtype, rounded.Device));
        if (packed)
        {
            using var _ = torch.inference_mode();
            model.Pack();
        }
        var (a, b) = (new float[4 * 20], new float[4 * 20]);
        foreach (var (runner, logits) in ((ModelRunner, float[])[])[(exact, a), (rounded, b)])
        {
            var slot = runner.TryAcquire(4)!.Value;
            runner.Run([new(slot, 0, new[] { 3, 1 }, LogitsWanted.All)], logits);
            runner.Run([new(slot, 2, new[] { 4, 1 }, LogitsWanted.All)], logits.AsSpan(40));
        }
        Assert.NotEqual(a, b);
        Assert.All(a.Zip(b), pair => Assert.Equal(pair.First, pair.Second, 0.1f));
    }

    private static ModelRunner New(int cacheTokens = 10000) => new(GptNeoXVariantTests.Random(Tiny), cacheTokens * BytesPerToken);
}
