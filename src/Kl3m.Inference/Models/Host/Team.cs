namespace Kl3m.Inference.Models.Host;

/// <summary>Work in items that may be done in any order and on any thread: what comes out is the same.</summary>
internal abstract class Work
{
    public abstract int Items { get; }

    public abstract void Do(int item);
}

/// <summary>The same small thing for each row.</summary>
internal sealed class RowWork(Func<int> rows, Action<int> body) : Work
{
    public override int Items => rows();

    public override void Do(int item) => body(item);
}

/// <summary>
/// Threads that share out the items of one piece of work after the other. The caller works too and takes whatever is left, so that on a busy
/// machine nobody waits for a helper that is not running. Helpers watch for the next piece for a moment, then sleep.
/// </summary>
internal sealed class Team : IDisposable
{
    /// <summary>Looks at the next piece before a helper sleeps: some 50 microseconds, longer than what lies between two pieces of a step.</summary>
    private const int Patience = 2000;

    private readonly Thread[] helpers;
    private readonly SemaphoreSlim bell = new(0);
    private readonly Func<object> enter;
    private Round round = new(null);
    private int asleep;
    private volatile bool isOver;

    /// <param name="threads">The caller's own included.</param>
    /// <param name="enter">Called by every helper before its first work; what it returns is kept while the helper lives.</param>
    public Team(int threads, Func<object> enter)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(threads, 1);
        this.enter = enter;
        var none = round; // a helper that starts late must not take the first piece for one that it has done
        helpers = [.. Enumerable.Range(1, threads - 1).Select(i => new Thread(() => Help(none)) { IsBackground = true, Name = $"Model {i}" })];
        Array.ForEach(helpers, helper => helper.Start());
    }

    /// <summary>The caller's own included.</summary>
    public int Threads => helpers.Length + 1;

    /// <summary>Returns when all items are done.</summary>
    /// <param name="alone">The work is too small to be shared out.</param>
    /// <exception cref="AggregateException">An item failed on a helper.</exception>
    public void Run(Work work, bool alone = false)
    {
        if (alone || helpers.Length == 0 || work.Items == 1)
        {
            for (var item = 0; item < work.Items; item++)
            {
                work.Do(item);
            }
            return;
        }
        var mine = new Round(work);
        // A full fence: either the helper sees the round before it sleeps, or this thread sees that it sleeps.
        Interlocked.Exchange(ref round, mine);
        if (Volatile.Read(ref asleep) > 0)
        {
            bell.Release(Interlocked.Exchange(ref asleep, 0));
        }
        mine.Join();
        mine.WaitForOthers();
    }

    public void Dispose()
    {
        isOver = true;
        bell.Release(helpers.Length + 1);
        Array.ForEach(helpers, helper => helper.Join());
        bell.Dispose();
    }

    private void Help(Round done)
    {
        var state = enter();
        while (!isOver)
        {
            var next = Await(done);
            next.Join();
            done = next;
        }
        GC.KeepAlive(state);
    }

    private Round Await(Round done)
    {
        for (var look = 0; look < Patience; look++)
        {
            if (Volatile.Read(ref round) is var next && next != done)
            {
                return next;
            }
            Thread.SpinWait(1);
        }
        Interlocked.Increment(ref asleep);
        if (Volatile.Read(ref round) == done && !isOver)
        {
            bell.Wait();
        }
        return Volatile.Read(ref round);
    }

    /// <summary>One piece of work, and how far it is.</summary>
    private sealed class Round(Work? work)
    {
        private readonly int items = work?.Items ?? 0;
        private int taken;
        private int done;
        private Exception? failure;

        public void Join()
        {
            for (var item = Interlocked.Increment(ref taken) - 1; item < items; item = Interlocked.Increment(ref taken) - 1)
            {
                try
                {
                    work!.Do(item);
                }
                catch (Exception e)
                {
                    failure = e;
                }
                Interlocked.Increment(ref done);
            }
        }

        public void WaitForOthers()
        {
            var wait = new SpinWait();
            while (Volatile.Read(ref done) < items)
            {
                wait.SpinOnce(sleep1Threshold: -1);
            }
            if (failure is not null)
            {
                throw new AggregateException(failure);
            }
        }
    }
}
