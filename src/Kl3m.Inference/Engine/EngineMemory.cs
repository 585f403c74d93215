using Kl3m.Inference.Models;
using TorchSharp;

namespace Kl3m.Inference.Engine;

/// <summary>What a model will take on the device that it would run on, known from its config alone.</summary>
/// <param name="Device"><c>cpu</c> or <c>cuda:N</c>.</param>
/// <param name="Dtype">Of the weights in memory.</param>
/// <param name="WeightBytes">All parameters in that dtype.</param>
/// <param name="CacheBytesPerToken">Keys and values of one token in all layers.</param>
/// <param name="CacheTokens">The most tokens that can be of use: as many sequences as may run at once, each with a full context.</param>
public sealed record EngineMemory(string Device, string Dtype, long WeightBytes, long CacheBytesPerToken, long CacheTokens)
{
    private const long UsefulTokens = 65_536;
    private const long SomeGpuCache = 8L << 30;

    /// <summary>Loads libtorch where that has not happened yet.</summary>
    /// <exception cref="TorchUnavailableException">libtorch, or the device asked for, is not there.</exception>
    public static EngineMemory Of(GptNeoXConfig config, EngineOptions options)
    {
        var device = TorchRuntime.ResolveDevice(options.Device);
        var dtype = TorchRuntime.ResolveDtype(options.Dtype, device, config.ParameterCount);
        var cached = device.type == DeviceType.CPU ? torch.ScalarType.Float32 : dtype; // as the runner has it
        return new(TorchRuntime.NameOf(device), TorchRuntime.NameOf(dtype), config.ParameterCount * dtype.ElementSize(),
            KVCache.BytesPerToken(config, cached), (long)options.MaxRunning * config.MaxPositionEmbeddings);
    }

    /// <summary>
    /// Room for keys and values, bytes, whole tokens: as much as somebody says, else 65,536 tokens where that is not more than a fair part of the device (a
    /// quarter of a machine's memory; of a GPU half of what others leave, or 8 GiB where nothing tells that).
    /// </summary>
    /// <param name="configured">See <see cref="EngineOptions.KvCacheBytes"/>; taken as it is unless 0.</param>
    /// <param name="total">Bytes of the device; null where nothing tells, which for a machine the runtime does.</param>
    /// <param name="others">Of those, bytes that other programs use.</param>
    public long CacheBytes(long configured, long? total = null, long others = 0)
    {
        if (configured > 0)
        {
            return configured;
        }
        var most = Device == "cpu" ? (total ?? GC.GetGCMemoryInfo().TotalAvailableMemoryBytes) / 4
            : total is { } all ? Math.Max(0, all - others) / 2 : SomeGpuCache;
        return Math.Min(most / CacheBytesPerToken, Math.Min(CacheTokens, UsefulTokens)) * CacheBytesPerToken;
    }
}
