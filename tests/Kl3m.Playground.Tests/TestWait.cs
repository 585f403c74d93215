namespace Kl3m.Playground.Tests;

/// <summary>Waits for what another thread does.</summary>
internal static class TestWait
{
    public static async Task UntilAsync(Func<bool> reached)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        while (!reached())
        {
            patience.Token.ThrowIfCancellationRequested();
            await Task.Yield();
        }
    }
}
