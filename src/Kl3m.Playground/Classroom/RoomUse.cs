using Kl3m.Inference;

namespace Kl3m.Playground.Classroom;

/// <summary>What each student of a room has asked of the engine lately, so that nobody's curiosity is at the cost of the others. Any thread may call it.</summary>
internal sealed class RoomUse(TimeProvider time)
{
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(2);

    private readonly Lock gate = new();
    private readonly Dictionary<string, (int Tokens, Queue<long> Requests)> used = [];

    /// <summary>Counts a request until what is returned is disposed of.</summary>
    /// <exception cref="InvalidRequestException">The request alone is more than is allowed at once.</exception>
    /// <exception cref="EngineBusyException">Together with what goes on already, or with the requests of the last minute, it is too much.</exception>
    public IDisposable Admit(string studentId, RoomLimits limits, GenerationRequest request)
    {
        var tokens = (long)Math.Max(0, request.Sampling.MaxTokens) * Math.Max(1, request.Sampling.Sequences);
        if (tokens > limits.RunningTokens)
        {
            throw new InvalidRequestException(request.Sampling.Sequences > 1 ? nameof(SamplingParams.Sequences) : nameof(GenerationRequest.Prompt),
                $"and max tokens come to {tokens:N0} new tokens, and the teacher allows {limits.RunningTokens:N0} at once in this room. Ask for fewer.");
        }
        lock (gate)
        {
            var (running, requests) = used.GetValueOrDefault(studentId, (0, new()));
            while (requests.TryPeek(out var oldest) && time.GetElapsedTime(oldest) >= Minute)
            {
                requests.Dequeue();
            }
            if (requests.Count >= limits.RequestsPerMinute)
            {
                throw new EngineBusyException($"The teacher allows {limits.RequestsPerMinute} requests a minute in this room.",
                    requests.TryPeek(out var first) ? Minute - time.GetElapsedTime(first) : Minute);
            }
            if (running + tokens > limits.RunningTokens)
            {
                throw new EngineBusyException($"{running:N0} tokens of yours are in work, and the teacher allows {limits.RunningTokens:N0} at once in this room.", Soon);
            }
            requests.Enqueue(time.GetTimestamp());
            used[studentId] = (running + (int)tokens, requests);
        }
        return new Use(() => Give(studentId, (int)tokens));
    }

    private void Give(string studentId, int tokens)
    {
        lock (gate)
        {
            var (running, requests) = used[studentId];
            used[studentId] = (running - tokens, requests);
        }
    }

    private sealed class Use(Action give) : IDisposable
    {
        private Action? give = give;

        public void Dispose() => Interlocked.Exchange(ref give, null)?.Invoke();
    }
}
