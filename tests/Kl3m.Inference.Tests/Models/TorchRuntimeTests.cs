using Kl3m.Inference.Engine;
using Kl3m.Inference.Models;
using TorchSharp;

namespace Kl3m.Inference.Tests.Models;

public sealed class TorchRuntimeTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("kl3m-").FullName;

    [Fact]
    public void The_cpu_is_always_there_and_auto_finds_something()
    {
        Assert.Equal("cpu", TorchRuntime.NameOf(TorchRuntime.ResolveDevice("cpu")));
        Assert.StartsWith(torch.cuda.is_available() ? "cuda:" : "cpu", TorchRuntime.NameOf(TorchRuntime.ResolveDevice("auto")), StringComparison.Ordinal);
    }

    [Fact]
    public void A_gpu_that_is_not_there_is_an_error_that_says_what_to_do()
    {
        var device = torch.cuda.is_available() ? $"cuda:{torch.cuda.device_count()}" : "cuda";
        var error = Assert.Throws<TorchUnavailableException>(() => TorchRuntime.ResolveDevice(device));
        Assert.Contains(torch.cuda.is_available() ? "counted from 0" : "LIBTORCH_PATH", error.Message, StringComparison.Ordinal);
    }

    [Theory, InlineData(""), InlineData("gpu"), InlineData("cuda:"), InlineData("cuda:x"), InlineData("cuda:-1"), InlineData("CPU")]
    public void A_device_by_another_name_is_a_mistake(string name) =>
        Assert.Contains("auto, cpu, cuda or cuda:N", Assert.Throws<ArgumentException>(() => TorchRuntime.ResolveDevice(name)).Message, StringComparison.Ordinal);

    [Fact]
    public void Auto_is_fp32_on_a_cpu_but_for_models_that_are_slow_there_where_it_multiplies_bf16()
    {
        Assert.Equal(torch.ScalarType.Float32, TorchRuntime.ResolveDtype("auto", torch.CPU, 170_000_000));
        Assert.Equal(PackedLinear.MultipliesBf16 ? torch.ScalarType.BFloat16 : torch.ScalarType.Float32, TorchRuntime.ResolveDtype("auto", torch.CPU, 1_700_000_000));
        Assert.Equal(torch.ScalarType.Float32, TorchRuntime.ResolveDtype("fp32", torch.CPU, 1_700_000_000));
        Assert.Equal(torch.ScalarType.BFloat16, TorchRuntime.ResolveDtype("bf16", torch.CPU, 1));
        Assert.Throws<ArgumentException>(() => TorchRuntime.ResolveDtype("fp16", torch.CPU, 1));
    }

    [Fact]
    public void Libraries_of_the_named_folder_come_in_the_order_of_their_needs_then_the_apps_bridge()
    {
        foreach (var library in (string[])["libtorch.so", "libtorch_cpu.so", "libc10.so", "libtorch_python.so"])
        {
            File.WriteAllText(Path.Combine(folder, library), "");
        }
        Assert.Equal(
            ["libc10.so", "libtorch_cpu.so", "libtorch.so", "libLibTorchSharp.so"],
            TorchRuntime.LibrariesIn(folder, "/app").Select(Path.GetFileName));
    }

    [Fact]
    public void A_folder_without_libtorch_is_refused() =>
        Assert.Contains("no libtorch_cpu.so", Assert.Throws<TorchUnavailableException>(() => TorchRuntime.LibrariesIn(folder, "/app")).Message, StringComparison.Ordinal);

    [Fact]
    public void Two_libtorches_in_one_process_are_refused()
    {
        File.WriteAllText(Path.Combine(folder, "libtorch_cpu.so"), "");
        var app = Directory.CreateDirectory(Path.Combine(folder, "app")).FullName;
        File.WriteAllText(Path.Combine(app, "libtorch_cpu.so"), "");
        Assert.Contains("-p:Torch=none", Assert.Throws<TorchUnavailableException>(() => TorchRuntime.LibrariesIn(folder, app)).Message, StringComparison.Ordinal);
        Assert.NotEmpty(TorchRuntime.LibrariesIn(app, app + "/"));
    }

    public void Dispose() => Directory.Delete(folder, recursive: true);
}
