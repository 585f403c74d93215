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
}
