namespace Kl3m.Inference.Tests.Engine;

/// <summary>Stops the engine's thread at the start of each step until the test lets it pass: tests of "within one step" without sleeping.</summary>
internal sealed class StepGate : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private readonly SemaphoreSlim reached = new(0);
    private readonly SemaphoreSlim passes = new(0);
    private volatile bool isOpen = true;

    /// <summary>For the runner, before a step.</summary>
    public void Wait()
    {
        if (!isOpen)
        {
            reached.Release();
            Assert.True(passes.Wait(Patience), "no test let the step pass");
        }
    }

    public void Close() => isOpen = false;

    /// <summary>Completes when the engine stands at the start of a step.</summary>
    public async Task ReachedAsync() => Assert.True(await reached.WaitAsync(Patience), "no step came");

    public void Pass() => passes.Release();

    public void Open()
    {
        isOpen = true;
        passes.Release();
    }

    public void Dispose()
    {
        reached.Dispose();
        passes.Dispose();
    }
}
