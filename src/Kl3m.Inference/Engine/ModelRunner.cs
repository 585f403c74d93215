using System.Runtime.InteropServices;
using Kl3m.Inference.Models;
using Kl3m.Inference.Models.Host;
using Kl3m.Inference.Weights;
using TorchSharp;
using static TorchSharp.torch;

namespace Kl3m.Inference.Engine;

/// <summary>
/// GPT-NeoX on TorchSharp. Chunks of a step are laid end to end and go through the linears as one batch. On a CPU keys and values lie in
/// blocks of one memory that slots share; elsewhere each slot has a tensor of its own.
/// </summary>
internal sealed class ModelRunner : IModelRunner
{
    /// <summary>Rows that the head does at once: 256 rows of 32,768 logits are 32 MB.</summary>
    private const int HeadRows = 256;

    /// <summary>Parameters below which libtorch's threads take longer to wait for each other than one takes alone.</summary>
    private const long WorthThreads = 100_000_000;

    private readonly GptNeoXConfig config;
    private readonly Device device;
    private readonly ScalarType dtype;
    private readonly GptNeoXModel? model;
    private readonly HostModel? host;
    private readonly Team? team;
    private readonly BlockPool? pool;
    private readonly PagedAttention? paged;
    private readonly Dictionary<int, SequenceCache> slots = [];
    private readonly int thread = Environment.CurrentManagedThreadId;
    private int lastSlot;

    /// <param name="model">Owned from here on.</param>
    /// <param name="cacheBytes">The most that the keys and values of all slots may take.</param>
    /// <param name="threads">For attention on a CPU.</param>
    public ModelRunner(GptNeoXModel model, long cacheBytes, int threads = 1)
        : this(model.Config, model, null, model.Parameters[0].Parameter.device, model.Parameters[0].Parameter.dtype, cacheBytes, TeamOf(threads, model.Parameters[0].Parameter.device))
    {
    }

    /// <summary>One of the two runs, <paramref name="model"/> or <paramref name="host"/>.</summary>
    /// <param name="team">Owned from here on; null on a GPU.</param>
    private ModelRunner(GptNeoXConfig config, GptNeoXModel? model, HostModel? host, Device device, ScalarType dtype, long cacheBytes, Team? team)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(cacheBytes);
        (this.config, this.model, this.host, this.device, this.dtype, this.team) = (config, model, host, device, dtype, team);
        if (team is not null)
        {
            pool = new(config, cacheBytes);
            paged = new(config, pool, team);
            Room = new(pool.Blocks, BlockPool.BlockTokens, IsShared: true);
            CacheBytesPerBlock = pool.BytesPerBlock;
        }
        else
        {
            CacheBytesPerBlock = KVCache.BytesPerToken(config, dtype);
            Room = new((int)Math.Min(cacheBytes / CacheBytesPerBlock, int.MaxValue), 1, IsShared: false);
        }
    }

    public int VocabularySize => config.VocabSize;

    public int ContextLength => config.MaxPositionEmbeddings;

    public long ParameterCount => config.ParameterCount;

    /// <summary><c>cpu</c> or <c>cuda:N</c>.</summary>
    public string Device => TorchRuntime.NameOf(device);

    /// <summary><c>fp32</c>, <c>bf16</c> or <c>int8</c>.</summary>
    public string Dtype => TorchRuntime.NameOf(dtype);

    /// <summary>What reading one weight of the linears moves.</summary>
    internal double BytesPerWeight => host?.BytesPerWeight ?? dtype.ElementSize();

    public CacheRoom Room { get; }

    public int BlocksUsed => pool?.Used ?? slots.Values.Sum(cache => cache.Capacity);

    public long CacheBytesPerBlock { get; }

    /// <summary>Loads a model folder, on the thread that will own the runner.</summary>
    /// <param name="device"><c>auto</c>, <c>cpu</c>, <c>cuda</c> or <c>cuda:N</c>.</param>
    /// <param name="dtype"><c>auto</c>, <c>fp32</c>, <c>bf16</c> or <c>int8</c>: weights are converted while they are read.</param>
    /// <param name="threads">Of a CPU, at most; 0 takes all cores.</param>
    /// <param name="progress">From 0 to 1, as the weights come in.</param>
    /// <exception cref="ModelFileException">A file is not what it should be.</exception>
    /// <exception cref="TorchUnavailableException">There is no such device.</exception>
    public static ModelRunner Load(
        string folder, GptNeoXConfig config, string device, string dtype, long cacheBytes, int threads = 0, IProgress<double>? progress = null, CancellationToken cancellationToken = default)
    {
        using var checkpoint = Checkpoint.Open(folder);
        return Load(config, (type, target) => (name, shape) =>
        {
            cancellationToken.ThrowIfCancellationRequested();
            var tensor = checkpoint.Take(name, shape, type, target);
            progress?.Report(checkpoint.Progress);
            return tensor;
        }, checkpoint.EnsureAllTaken, device, dtype, cacheBytes, threads);
    }

    /// <summary>The same with weights from anywhere.</summary>
    /// <param name="weights">Of a type on a device: the tensor of a name and shape.</param>
    internal static ModelRunner Load(GptNeoXConfig config, Func<ScalarType, Device, Func<string, long[], Tensor>> weights, Action taken, string device, string dtype, long cacheBytes, int threads = 0)
    {
        var target = TorchRuntime.ResolveDevice(device);
        var type = TorchRuntime.ResolveDtype(dtype, target, config.ParameterCount);
        ArgumentOutOfRangeException.ThrowIfNegative(threads);
        var cores = threads > 0 ? threads : Environment.ProcessorCount;
        set_num_threads(threads == 0 && config.ParameterCount < WorthThreads ? 1 : cores);
        using var _ = inference_mode();
        var source = weights(type == ScalarType.Int8 ? ScalarType.BFloat16 : type, target);
        GptNeoXModel? model = null;
        HostModel? host = null;
        var team = TeamOf(cores, target);
        try
        {
            if (HostModel.Serves(config, type, target))
            {
                host = new(config, source, type, team!);
                taken();
                set_num_threads(1);
            }
            else
            {
                model = new(config, source);
                taken();
                type = model.Parameters[0].Parameter.dtype;
                if (PackedLinear.Serves(type, target))
                {
                    model.Pack();
                }
            }
            FreedMemory.GiveBack();
            return new(config, model, host, target, type, cacheBytes, team);
        }
        catch
        {
            host?.Dispose();
            model?.Dispose();
            team?.Dispose();
            throw;
        }
    }

    public int? TryAcquire(int capacity, int shared = 0)
    {
        EnsureOwner();
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(capacity);
        ArgumentOutOfRangeException.ThrowIfNegative(shared);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(shared, capacity);
        if (capacity > Room.Tokens)
        {
            return null;
        }
        using var _ = inference_mode();
        SequenceCache? cache = pool is not null ? BlockCache.TryMake(pool, capacity, shared)
            : capacity > Room.Blocks - BlocksUsed ? null
            : new KVCache(config, capacity, dtype, device);
        if (cache is null)
        {
            return null;
        }
        slots.Add(++lastSlot, cache);
        return lastSlot;
    }

    public void CopyPrefix(int source, int target, int length)
    {
        EnsureOwner();
        var (from, to) = (Slot(source), Slot(target));
        if (length < 0 || length > from.Length || length > to.Capacity)
        {
            throw new ArgumentOutOfRangeException(nameof(length), length, $"Slot {source} holds {from.Length} tokens, slot {target} has room for {to.Capacity}.");
        }
        if (to.Length > 0)
        {
            throw new ArgumentException($"Slot {target} holds {to.Length} tokens already.", nameof(target));
        }
        using var _ = inference_mode();
        to.CopyPrefix(from, length);
    }

    public void Retire(int slot)
    {
        EnsureOwner();
        Slot(slot).Trim();
    }

    public void Release(int slot)
    {
        EnsureOwner();
        var cache = Slot(slot);
        slots.Remove(slot);
        cache.Dispose();
    }

    public void Run(ReadOnlySpan<Chunk> chunks, Span<float> logits)
    {
        EnsureOwner();
        var (rows, ids, wanted) = TokenBatch.Of(chunks, Slot, VocabularySize);
        if (logits.Length < (long)wanted.Length * VocabularySize)
        {
            throw new ArgumentException($"{wanted.Length} rows of {VocabularySize} logits do not fit into {logits.Length}.", nameof(logits));
        }
        if (rows.Length == 0)
        {
            return;
        }
        using var _ = inference_mode();
        if (host is not null)
        {
            paged!.Begin(rows);
            host.Run(ids, paged);
            host.Head(wanted, logits);
        }
        else
        {
            using var input = tensor(ids, device: device);
            using var hidden = Hidden(input, rows);
            Head(hidden, wanted, ids.Length, logits);
        }
        foreach (var row in rows)
        {
            row.Cache.Length = row.End;
        }
    }

    public void Dispose()
    {
        foreach (var cache in slots.Values)
        {
            cache.Dispose();
        }
        slots.Clear();
        paged?.Dispose();
        pool?.Dispose();
        host?.Dispose();
        team?.Dispose();
        model?.Dispose();
        FreedMemory.GiveBack();
    }

    /// <summary>Threads for a CPU. Each may call libtorch by itself: with one thread, and without noting what a gradient would need.</summary>
    private static Team? TeamOf(int threads, Device device) => device.type != DeviceType.CPU ? null : new(threads, () =>
    {
        set_num_threads(1);
        return inference_mode();
    });

    private Tensor Hidden(Tensor ids, CachedChunk[] rows)
    {
        if (paged is not null)
        {
            paged.Begin(rows);
            return model!.Hidden(ids, paged.Apply);
        }
        using var attention = new CachedAttention(model!, rows, device);
        return model!.Hidden(ids, attention.Apply);
    }

    private void Head(Tensor hidden, long[] wanted, int tokens, Span<float> logits)
    {
        for (var done = 0; done < wanted.Length; done += HeadRows)
        {
            var piece = wanted.AsSpan(done, Math.Min(HeadRows, wanted.Length - done));
            using var index = wanted.Length == tokens ? null : tensor(piece.ToArray(), device: device);
            using var rows = index is null ? hidden.narrow(0, done, piece.Length) : hidden.index_select(0, index);
            using var scores = model!.Head(rows);
            using var host = scores.to(ScalarType.Float32, CPU);
            MemoryMarshal.Cast<byte, float>(host.bytes).CopyTo(logits[(done * VocabularySize)..]);
        }
    }

    private SequenceCache Slot(int slot) => slots.TryGetValue(slot, out var cache) ? cache : throw new ArgumentException($"There is no slot {slot}.", nameof(slot));

    /// <summary>Dispose scopes and inference mode belong to a thread, so a call from another one would leak or train.</summary>
    private void EnsureOwner()
    {
        if (Environment.CurrentManagedThreadId != thread)
        {
            throw new InvalidOperationException("The runner may only be used on the thread that made it.");
        }
    }
}
