using System.Collections.Concurrent;

namespace WorkflowEngine.Storage;

/// <summary>
/// Messages that came while their job was owned. Usually the owner has them already, handed over in this process; one that came between the claim and the
/// owner's being ready, or from another node, would otherwise wait for ever.
/// </summary>
internal sealed class OwnedMail
{
    private readonly ConcurrentQueue<JobMessage> _messages = new();

    public void Add(JobMessage message) => _messages.Enqueue(message);

    /// <summary>Those that this owner has not taken yet; what nobody owns comes with the job's claim.</summary>
    public List<JobMessage> Of(Guid incarnation, Func<JobId, MemoryJob?> find)
    {
        var mail = new List<JobMessage>();
        for (var left = _messages.Count; left > 0 && _messages.TryDequeue(out var message); left--)
        {
            var owner = find(message.JobId)?.OwnerOfUntaken(message.Id);
            if (owner == incarnation)
            {
                mail.Add(message);
            }
            else if (owner is not null)
            {
                _messages.Enqueue(message);
            }
        }

        return mail;
    }
}
