using Kl3m.Playground.Classroom;
using Microsoft.Extensions.Time.Testing;

namespace Kl3m.Playground.Tests.Classroom.Nodes;

/// <summary>Several web nodes in one process, with one clock.</summary>
internal sealed class TestNodes : IDisposable
{
    private readonly List<(TestClass Node, FakeBoard Line)> started = [];
    private readonly ClassroomOptions? options;

    public TestNodes(int count = 2, ClassroomOptions? options = null)
    {
        this.options = options;
        for (var i = 0; i < count; i++)
        {
            Start();
        }
    }

    public FakeTable Table { get; } = new();

    public FakeTimeProvider Time { get; } = new();

    public TestClass this[int index] => started[index].Node;

    public FakeBoard Line(int index) => started[index].Line;

    public TestClass Start()
    {
        var line = Table.Line();
        started.Add((new TestClass(options: options, board: line, time: Time), line));
        return started[^1].Node;
    }

    /// <summary>As kill -9 does: it says nothing any more, and nobody tells the others.</summary>
    public void Kill(int index)
    {
        started[index].Line.Cut();
        started[index].Node.Dispose();
    }

    /// <summary>Lets the clock run until something is so; what others do meanwhile needs turns of the thread pool, not time.</summary>
    public async Task UntilAsync(Func<bool> so)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (!so())
        {
            limit.Token.ThrowIfCancellationRequested();
            Time.Advance(TimeSpan.FromMilliseconds(100));
            await Task.Delay(1, limit.Token);
        }
    }

    public void Dispose() => started.ForEach(one => one.Node.Dispose());
}
