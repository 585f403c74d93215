using System.ComponentModel.DataAnnotations;
using System.Runtime.InteropServices;
using Kl3m.Playground.Backends;
using Microsoft.Extensions.Options;

namespace Kl3m.Playground.Lifetime;

/// <summary>Section "Shutdown".</summary>
internal sealed class ShutdownOptions
{
    /// <summary>How long generations may go on after the signal to stop; then they are ended, and told so.</summary>
    [Range(0, 3600)]
    public int DrainSeconds { get; set; } = 20;
}

/// <summary>
/// Ends the process on SIGTERM and Ctrl+C, in this order: nothing new is taken, what runs is let go on for a while, then the host stops. ASP.NET's
/// own way would close every page's line first, and so cut what is being written. A second signal does not wait.
/// </summary>
internal sealed partial class GracefulLifetime(
    IHostApplicationLifetime application, BackendCatalogue catalogue, IOptions<ShutdownOptions> options, TimeProvider time, ILogger<GracefulLifetime> logger) : IHostLifetime, IDisposable
{
    /// <summary>For the last events to reach the browsers, which look at a run every 33 to 100 ms.</summary>
    private static readonly TimeSpan LastWords = TimeSpan.FromMilliseconds(500);

    private readonly List<PosixSignalRegistration> signals = [];
    private int asked;

    public bool IsStopping => Volatile.Read(ref asked) > 0;

    public Task WaitForStartAsync(CancellationToken cancellationToken)
    {
        foreach (var signal in (PosixSignal[])[PosixSignal.SIGTERM, PosixSignal.SIGINT, PosixSignal.SIGQUIT])
        {
            signals.Add(PosixSignalRegistration.Create(signal, context =>
            {
                context.Cancel = true; // the process ends by itself, with code 0
                _ = EndAsync();
            }));
        }
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public async Task EndAsync()
    {
        if (Interlocked.Increment(ref asked) > 1)
        {
            application.StopApplication();
            return;
        }
        try
        {
            var models = catalogue.All.OfType<ServedModel>().ToArray();
            var running = models.Sum(model => model.Running);
            LogEnding(running, options.Value.DrainSeconds);
            var patience = TimeSpan.FromSeconds(options.Value.DrainSeconds);
            var cut = await Task.WhenAll(models.Select(model => Task.Run(() => model.CloseAsync(patience, "The server is being shut down."))));
            if (running > 0)
            {
                LogDrained(cut.Sum());
                await Task.Delay(LastWords, time);
            }
        }
        finally
        {
            application.StopApplication();
        }
    }

    public void Dispose() => signals.ForEach(signal => signal.Dispose());

    [LoggerMessage(LogLevel.Information, "Shutting down: {Running} generations may go on for {Seconds} s; nothing new is taken")]
    private partial void LogEnding(int running, int seconds);

    [LoggerMessage(LogLevel.Information, "Generations have ended; {Cut} were cut short")]
    private partial void LogDrained(int cut);
}
