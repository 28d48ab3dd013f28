import { useLayoutEffect, useRef } from 'preact/hooks'
import type { ComponentChildren } from 'preact'
import { dialog, killEverything } from '../page.ts'
import { KEYS } from './keys.ts'

const close = () => (dialog.value = undefined)

const Modal = ({ title, children }: { readonly title: string; readonly children: ComponentChildren }) => {
  const element = useRef<HTMLDialogElement>(null)
  useLayoutEffect(() => element.current?.showModal(), [])
  return (
    <dialog ref={element} onClose={close} aria-labelledby="dialog-title">
      <h2 id="dialog-title">{title}</h2>
      {children}
    </dialog>
  )
}

const Everything = () => (
  <Modal title="Kill EVERYTHING?">
    <p>
      All processes get SIGKILL at the same moment: front end, catalogue, and every replica. Before that, this browser places orders of its
      own. Afterwards it reads each of them again and says whether any is lost or was carried out twice.
    </p>
    <div class="row">
      <button type="button" onClick={close}>
        Let it live
      </button>
      <button
        type="button"
        class="danger loud"
        onClick={() => {
          close()
          killEverything()
        }}
      >
        Kill EVERYTHING
      </button>
    </div>
  </Modal>
)

const Keys = () => (
  <Modal title="Keys">
    <dl class="keys">
      {KEYS.map(({ key, does }) => (
        <div key={key}>
          <dt>
            <kbd>{key}</kbd>
          </dt>
          <dd>{does}</dd>
        </div>
      ))}
    </dl>
    <div class="row">
      <button type="button" onClick={close}>
        Close
      </button>
    </div>
  </Modal>
)

/** The dialog that is open, if any. */
export const Dialogs = () => (dialog.value === 'everything' ? <Everything /> : dialog.value === 'keys' ? <Keys /> : null)
