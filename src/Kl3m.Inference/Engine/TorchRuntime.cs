using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Kl3m.Inference.Models;
using Kl3m.Inference.Models.Host;
using TorchSharp;
using static TorchSharp.torch;

namespace Kl3m.Inference.Engine;

/// <summary>
/// Loads libtorch and says what it can do here. With the environment variable LIBTORCH_PATH set to a folder (Python's
/// <c>site-packages/torch/lib</c>, say), its libraries are used instead of those that came with the app.
/// </summary>
public static class TorchRuntime
{
    private const string PathVariable = "LIBTORCH_PATH";

    /// <summary>In the order in which they need each other; a build without CUDA lacks the two in the middle.</summary>
    private static readonly string[] Libraries = ["libc10.so", "libtorch_cpu.so", "libc10_cuda.so", "libtorch_cuda.so", "libtorch.so"];

    /// <summary>Below this a CPU is quick enough in fp32, which is exact; above, reading half the bytes for each token is worth the rounding.</summary>
    private const long LargeOnCpu = 500_000_000;

    private static readonly Lock Gate = new();
    private static bool loaded;

    /// <summary>To be called before anything else of TorchSharp is touched; later calls do nothing.</summary>
    /// <exception cref="TorchUnavailableException">libtorch is missing, or there would be two of them in the process.</exception>
    public static void Load()
    {
        lock (Gate)
        {
            if (loaded)
            {
                return;
            }
            HugePages.AskForTensors();
            try
            {
                var libraries = Environment.GetEnvironmentVariable(PathVariable) is { Length: > 0 } folder ? LibrariesIn(folder, AppContext.BaseDirectory) : [];
                foreach (var library in libraries)
                {
                    NativeLibrary.Load(library);
                }
                Initialize(cuda: libraries.Any(library => library.EndsWith("libtorch_cuda.so", StringComparison.Ordinal)));
            }
            catch (Exception e) when (e is DllNotFoundException or BadImageFormatException or TypeInitializationException or NotSupportedException)
            {
                throw new TorchUnavailableException($"libtorch could not be loaded: {(e.InnerException ?? e).Message} "
                    + $"Build with -p:Torch=cpu or -p:Torch=cuda, or set {PathVariable} to a folder that holds libtorch.", e);
            }
            loaded = true;
        }
    }

    /// <param name="name"><c>auto</c> (a GPU where there is one), <c>cpu</c>, <c>cuda</c> or <c>cuda:N</c>.</param>
    /// <exception cref="TorchUnavailableException">There is no such device here.</exception>
    /// <exception cref="ArgumentException">The name is none of these.</exception>
    public static Device ResolveDevice(string name)
    {
        Load();
        if (name is "cpu" || (name is "auto" && !cuda.is_available()))
        {
            return CPU;
        }
        var index = name is "auto" or "cuda" ? 0
            : name.StartsWith("cuda:", StringComparison.Ordinal) && int.TryParse(name.AsSpan(5), System.Globalization.NumberStyles.None, null, out var number) ? number
            : throw new ArgumentException($"Device must be auto, cpu, cuda or cuda:N, not \"{name}\".", nameof(name));
        if (!cuda.is_available())
        {
            throw new TorchUnavailableException($"Device {name} was asked for, and this libtorch finds no GPU that it can use. "
                + $"Use cpu or auto, or a libtorch with CUDA (-p:Torch=cuda, or {PathVariable}).");
        }
        return index < cuda.device_count()
            ? new Device(DeviceType.CUDA, index)
            : throw new TorchUnavailableException($"Device {name} was asked for, and there are {cuda.device_count()} GPUs, counted from 0.");
    }

    /// <param name="name">
    /// <c>fp32</c>, <c>bf16</c>, <c>int8</c> (weights only, on a CPU), or <c>auto</c>: bf16 on a GPU, and on a CPU that multiplies it for models that are slow there; else fp32.
    /// </param>
    /// <param name="parameters">How many weights the model has.</param>
    /// <exception cref="ArgumentException">The name is none of these.</exception>
    public static ScalarType ResolveDtype(string name, Device device, long parameters) => name switch
    {
        "fp32" => ScalarType.Float32,
        "bf16" => ScalarType.BFloat16,
        "int8" => device.type == DeviceType.CPU ? ScalarType.Int8 : throw new ArgumentException("Dtype int8 is for the CPU; on a GPU take bf16.", nameof(name)),
        "auto" => device.type == DeviceType.CUDA || (parameters >= LargeOnCpu && PackedLinear.Serves(ScalarType.BFloat16, device))
            ? ScalarType.BFloat16
            : ScalarType.Float32,
        _ => throw new ArgumentException($"Dtype must be auto, fp32, bf16 or int8, not \"{name}\".", nameof(name)),
    };

    public static string NameOf(Device device) => device.type == DeviceType.CUDA ? $"cuda:{Math.Max(device.index, 0)}" : "cpu";

    public static string NameOf(ScalarType dtype) => dtype switch
    {
        ScalarType.Float32 => "fp32",
        ScalarType.BFloat16 => "bf16",
        ScalarType.Int8 => "int8",
        _ => dtype.ToString(),
    };

    /// <summary>What to load, in order: libtorch from <paramref name="folder"/>, then the app's own bridge to it.</summary>
    internal static IReadOnlyList<string> LibrariesIn(string folder, string appFolder)
    {
        folder = Path.GetFullPath(folder);
        var bridge = Path.Combine(appFolder, "libLibTorchSharp.so");
        if (!File.Exists(Path.Combine(folder, "libtorch_cpu.so")))
        {
            throw new TorchUnavailableException($"{PathVariable} is {folder}, and there is no libtorch_cpu.so in it.");
        }
        // TorchSharp would load the app's own copy beside the other, and two libtorches in one process crash it.
        if (File.Exists(Path.Combine(appFolder, "libtorch_cpu.so")) && Path.TrimEndingDirectorySeparator(folder) != Path.TrimEndingDirectorySeparator(Path.GetFullPath(appFolder)))
        {
            throw new TorchUnavailableException($"{PathVariable} is set, and this build carries a libtorch of its own. "
                + $"Unset it, or publish with -p:Torch=none.");
        }
        return [.. Libraries.Select(library => Path.Combine(folder, library)).Where(File.Exists), bridge];
    }

    /// <summary>Apart, because entering a method that mentions <see cref="torch"/> may already load it.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Initialize(bool cuda) => InitializeDeviceType(cuda ? DeviceType.CUDA : DeviceType.CPU);
}

/// <summary>libtorch, or the device asked for, is not there; the message says what to do.</summary>
public sealed class TorchUnavailableException(string message, Exception? inner = null) : Exception(message, inner);
