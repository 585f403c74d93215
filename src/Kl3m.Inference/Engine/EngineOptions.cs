using System.ComponentModel.DataAnnotations;

namespace Kl3m.Inference.Engine;

/// <summary>How the engine runs; bound from the configuration's <c>Engine</c> section by whoever builds it.</summary>
public sealed record EngineOptions
{
    /// <summary>Requests that may wait for room; one more is told that the engine is busy.</summary>
    [Range(1, 10_000)]
    public int MaxWaiting { get; init; } = 256;

    /// <summary>Of those, the most of one user. One HTTP request of several prompts is as many requests here.</summary>
    [Range(1, 10_000)]
    public int MaxWaitingPerUser { get; init; } = 64;

    /// <summary>Sequences that may be in work at once; each needs a slot of the KV cache.</summary>
    [Range(1, 512)]
    public int MaxRunning { get; init; } = 128;

    /// <summary>
    /// Sequences that one user may have in work; a single larger request runs all the same. 0 takes 16 on a CPU, where more make steps longer
    /// than a newcomer should wait, and 64 on a GPU.
    /// </summary>
    [Range(0, 512)]
    public int MaxRunningPerUser { get; init; }

    /// <summary>Tokens per step, decodes before prompts; 0 takes 128 on a CPU and 2,048 on a GPU. Larger reads prompts faster and makes steps longer.</summary>
    [Range(0, 65_536)]
    public int TokenBudget { get; init; }

    /// <summary>UTF-8 bytes of a prompt; a longer one is refused before it is encoded.</summary>
    [Range(1, 1 << 30)]
    public int MaxPromptBytes { get; init; } = 1 << 20;

    /// <summary>Memory for keys and values of all sequences together; 0 takes what <see cref="EngineMemory.CacheBytes"/> says.</summary>
    [Range(0, long.MaxValue)]
    public long KvCacheBytes { get; init; }

    /// <summary>Sequences whose keys and values are kept when they are over, as long as nobody needs the room, for requests that begin the same.</summary>
    [Range(0, 10_000)]
    public int MaxPrefixes { get; init; } = 64;

    /// <summary>Without the end of a step for this long, while there is work, the engine is taken to hang: see <see cref="InferenceEngine.IsStalled"/>.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan StallAfter { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>CPU threads of the model; 0 takes all cores, where a step is worth sharing out.</summary>
    [Range(0, 1024)]
    public int Threads { get; init; }

    /// <summary><c>auto</c> (a GPU where there is one), <c>cpu</c>, <c>cuda</c> or <c>cuda:N</c>.</summary>
    [RegularExpression(@"auto|cpu|cuda(:\d+)?", ErrorMessage = "Engine:Device must be auto, cpu, cuda or cuda:N.")]
    public string Device { get; init; } = "auto";

    /// <summary><c>auto</c>, <c>fp32</c>, <c>bf16</c>, or on a CPU <c>int8</c>: half the memory of bf16 to read, at a small cost in quality.</summary>
    [RegularExpression("auto|fp32|bf16|int8", ErrorMessage = "Engine:Dtype must be auto, fp32, bf16 or int8.")]
    public string Dtype { get; init; } = "auto";

    /// <summary>With what depends on the device that the model got.</summary>
    internal EngineOptions On(string device) => this with
    {
        TokenBudget = TokenBudget > 0 ? TokenBudget : device == "cpu" ? 128 : 2048,
        MaxRunningPerUser = MaxRunningPerUser > 0 ? MaxRunningPerUser : device == "cpu" ? 16 : 64,
    };

    internal int TokenBudgetOn(string device) => On(device).TokenBudget;
}
